"""Practitioners' other calendars, whose time cannot be booked here."""

import sys
from uuid import UUID

import click

from scheduler.bootstrap import bootstrap
from scheduler.cli.common import saying, settings
from scheduler.domain.actors import SYSTEM
from scheduler.services.outside.keeping import add_calendar, fetch_soon, list_calendars, remove_calendar


@click.group("outside-calendars")
def outside_calendars_group() -> None:
    """Practitioners' other calendars, whose time cannot be booked here."""


@outside_calendars_group.command("add")
@click.argument("practitioner")
@click.argument("label")
def add(practitioner: str, label: str) -> None:
    """Enter a calendar; its address is asked for, or read from standard input, and never shown again."""
    desk = bootstrap(settings()).desk
    if sys.stdin.isatty():
        address = str(click.prompt("Address", hide_input=True, err=True))
    else:
        address = sys.stdin.readline()
    click.echo(saying(lambda: add_calendar(desk, practitioner, label, address.strip(), SYSTEM)).id)


@outside_calendars_group.command("list")
def list_all() -> None:
    """Say which there are: id, practitioner, label, host, when it last worked, what is wrong."""
    desk = bootstrap(settings()).desk
    with desk.db.transaction() as session:
        for each in list_calendars(session):
            worked = each.fetched_at.isoformat(timespec="minutes") if each.fetched_at else "-"
            wrong = each.last_error or ("-" if each.complete else "incomplete")
            click.echo("\t".join((str(each.id), each.practitioner, each.label, each.host, worked, wrong)))


@outside_calendars_group.command("refresh")
@click.argument("id", type=click.UUID)
def refresh(id: UUID) -> None:
    """Have it fetched within a minute."""
    desk = bootstrap(settings()).desk
    saying(lambda: fetch_soon(desk, id, SYSTEM))


@outside_calendars_group.command("remove")
@click.argument("id", type=click.UUID)
def remove(id: UUID) -> None:
    """Its time can be booked again at once."""
    desk = bootstrap(settings()).desk
    click.echo(f"{saying(lambda: remove_calendar(desk, id, SYSTEM)).label} is gone.")
