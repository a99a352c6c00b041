"""What is wrong, in words."""

from textwrap import indent

import click

from scheduler.bootstrap import bootstrap, open_mail
from scheduler.cli.common import settings
from scheduler.services.operations.doctor import Finding, examine


@click.command()
def doctor() -> None:
    """Say what is wrong and how to mend it; fails where anything is.

    Run it where a worker runs: from there the database, Redis and the mail server have to be reached.
    """
    given = settings()
    try:
        run, mail = bootstrap(given), open_mail(given)
    except ValueError as error:
        raise click.ClickException(f"the settings do not fit: {error}") from None
    findings = examine(run.desk, given.redis_url, mail.greet)
    for each in findings:
        click.echo(_words(each))
    faults = sum(not each.well for each in findings)
    if faults:
        raise click.ClickException(f"{faults} {'thing needs' if faults == 1 else 'things need'} an operator.")
    click.echo("All is well.")


def _words(found: Finding) -> str:
    if found.well:
        return f"ok     {found.part}"
    return f"WRONG  {found.part}: {indent(found.said, ' ' * 9).lstrip()}\n       → {found.way_out}"
