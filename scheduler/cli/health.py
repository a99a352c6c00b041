"""Whether the parts of a running service do their work: asked all the time, so it imports little."""

import click

from scheduler.bootstrap import bootstrap
from scheduler.cli.common import settings
from scheduler.services.operations.health import NEEDED, check


@click.command()
@click.argument("command", type=click.Choice(sorted(NEEDED)))
def health(command: str) -> None:
    """Say whether `visits sweep` or `visits work` does its work; fails where it does not."""
    given = settings()
    faults = check(bootstrap(given).desk, given.redis_url).faults(NEEDED[command])
    if faults:
        raise click.ClickException("; ".join(f"{name}: {said}" for name, said in faults.items()))
    click.echo("ok")
