"""The times of visits, when the rules of time zones change."""

import click

from scheduler.bootstrap import bootstrap
from scheduler.cli.common import saying, settings
from scheduler.services.operations.rederiving import rederive


@click.group("times")
def times_group() -> None:
    """The times of visits."""


@times_group.command("rederive")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
def rederive_times(dry_run: bool) -> None:
    """Bring future visits under the rules of the tzdata that is installed; run it after each upgrade."""
    done = saying(lambda: rederive(bootstrap(settings()).desk, dry_run=dry_run))
    if dry_run:
        click.echo("Nothing was changed; this would be:")
    click.echo("\n".join(done.moved) or "No visit moves.")
    click.echo(f"Visits brought under tzdata {done.version}: {done.visits}; moved: {len(done.moved)}.")
