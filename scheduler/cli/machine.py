"""A whole stack on a machine that has none of its parts."""

from pathlib import Path

import click

from scheduler.embedded.demo import demo as tell_the_story
from scheduler.embedded.up import up as run_stack

CLINIC_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
DATA = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.option("--data", type=DATA, default=Path("data"), show_default=True, help="Kept for the next start.")
@click.option("--port", default=8000, show_default=True, help="Of the API.")
@click.option("--smtp-port", default=1025, show_default=True, help="Where the mailbox takes mails.")
@click.option("--mailbox-port", default=8025, show_default=True, help="Where the mailbox shows them.")
@click.option("--clinic", type=CLINIC_FILE, help="Applied at start; an example where none was ever applied.")
def up(data: Path, port: int, smtp_port: int, mailbox_port: int, clinic: Path | None) -> None:
    """Run everything in this terminal: database, queue, mailbox, API, worker, sweeper."""
    raise SystemExit(
        run_stack(data=data, port=port, smtp_port=smtp_port, mailbox_port=mailbox_port, clinic=clinic)
    )


@click.command()
def demo() -> None:
    """Book two visits on a stack of its own, wait for their mails, and tell the story."""
    raise SystemExit(tell_the_story())
