"""The parts of a running service, and whether they do their work."""

import threading
from signal import SIGINT, SIGTERM, signal

import click

from scheduler.bootstrap import bootstrap
from scheduler.cli.common import settings
from scheduler.domain.messages import Queue
from scheduler.services.health import NEEDED, check
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


@click.command()
@click.argument("command", type=click.Choice(sorted(NEEDED)))
def health(command: str) -> None:
    """Say whether `visits sweep` or `visits work` does its work; fails where it does not."""
    given = settings()
    faults = check(bootstrap(given).desk, given.redis_url).faults(NEEDED[command])
    if faults:
        raise click.ClickException("; ".join(f"{name}: {said}" for name, said in faults.items()))
    click.echo("ok")
