"""Mail that comes in."""

import sys

import click

from scheduler.bootstrap import bootstrap
from scheduler.channels.inbound.mime import LARGEST_MAIL
from scheduler.cli.common import saying, settings
from scheduler.services.inbound.receiving import receive


@click.command("inbound-mail")
def take_inbound_mail() -> None:
    """Read one mail from standard input: for a mail system that pipes bounces and answers to a command.

    It fails only where it should be tried again; a mail that nobody can read is set aside for a person.
    """
    given = settings()
    raw = sys.stdin.buffer.read(LARGEST_MAIL + 1)
    effect = saying(lambda: receive(bootstrap(given).desk, raw))
    click.echo(effect.outcome)
