"""The parts of a running service."""

import threading
from signal import SIGINT, SIGTERM, signal

import click

from scheduler.bootstrap import bootstrap
from scheduler.cli.common import settings
from scheduler.domain.messages import Queue
from workers.bench import Bench
from workers.doorbell import Publisher
from workers.sweeper import Sweeper
from workers.tasks import work as run_worker


@click.command()
@click.argument("queues", nargs=-1, type=click.Choice(list(map(str, Queue))))
def work(queues: tuple[str, ...]) -> None:
    """Deliver messages: a Celery worker of these QUEUES, of all where none is named.

    In earnest run one of `urgent` alone, so that a confirmation waits for nothing else.
    """
    run_worker(settings(), [Queue(each) for each in queues] or list(Queue))


@click.command()
def sweep() -> None:
    """Find what is due and what was left lying; any number of these may run."""
    given = settings()
    stop = threading.Event()
    for number in (SIGINT, SIGTERM):
        signal(number, lambda *_: stop.set())
    run = bootstrap(given)
    publish = Publisher(given.redis_url).publish
    Sweeper(run.desk, publish, Bench(run).do, lease=given.lease).run(stop)
