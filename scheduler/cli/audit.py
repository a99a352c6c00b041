"""The audit: what was done, and by whom."""

import click

from scheduler.bootstrap import open_database
from scheduler.cli.common import saying, settings
from scheduler.services.audit.chain import Head
from scheduler.services.audit.verifying import verify


@click.group("audit")
def audit_group() -> None:
    """What was done, and by whom."""


@audit_group.command("verify")
@click.option("--known", type=Head.parse, help="A head that an earlier run printed, kept elsewhere.")
def verify_audit(known: Head | None) -> None:
    """Go through the sealed audit and name the first entry that is not what was sealed."""
    verdict = saying(lambda: verify(open_database(settings()), known))
    if verdict.faults:
        raise click.ClickException("\n".join(verdict.faults))
    click.echo(f"The audit is whole: {verdict.head.sealed_as} entries. Its head is {verdict.head}")
