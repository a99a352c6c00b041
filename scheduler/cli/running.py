"""The parts of a running service, and whether they do their work."""

import threading
from signal import SIGINT, SIGTERM, signal

import click

from scheduler.bootstrap import bootstrap
from scheduler.cli.common import settings
from scheduler.services.health import NEEDED, check
from workers.doorbell import Publisher
from workers.sweeper import Sweeper
from workers.tasks import post_room
from workers.tasks import work as run_worker


@click.command()
def work() -> None:
    """Deliver messages: a Celery worker."""
    run_worker(settings())


@click.command()
def sweep() -> None:
    """Find what is due and what was left lying; any number of these may run."""
    given = settings()
    stop = threading.Event()
    for number in (SIGINT, SIGTERM):
        signal(number, lambda *_: stop.set())
    Sweeper(post_room(bootstrap(given)), Publisher(given.redis_url).publish).run(stop)


@click.command()
@click.argument("command", type=click.Choice(sorted(NEEDED)))
def health(command: str) -> None:
    """Say whether `visits sweep` or `visits work` does its work; fails where it does not."""
    given = settings()
    faults = check(bootstrap(given).desk, given.redis_url).faults(NEEDED[command])
    if faults:
        raise click.ClickException("; ".join(f"{name}: {said}" for name, said in faults.items()))
    click.echo("ok")
