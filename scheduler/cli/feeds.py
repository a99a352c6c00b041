"""Calendars that others subscribe to."""

from uuid import UUID

import click

from scheduler.bootstrap import bootstrap
from scheduler.cli.common import saying, settings
from scheduler.domain.actors import SYSTEM
from scheduler.domain.feeds import Detail, FeedWish
from scheduler.services.feeds.keeping import create_feed, list_feeds, revoke_feed


@click.group("feeds")
def feeds_group() -> None:
    """Calendars that others subscribe to."""


@feeds_group.command("create")
@click.argument("label")
@click.option("--practitioner", help="Visits of this practitioner only.")
@click.option("--location", help="Visits at this location only.")
@click.option(
    "--detail", type=click.Choice([str(each) for each in Detail]), default=str(Detail.BUSY), show_default=True
)
def create(label: str, practitioner: str | None, location: str | None, detail: str) -> None:
    """Make a calendar and print its address, this once: whoever has it can subscribe. Never whose visits."""
    desk = bootstrap(settings()).desk
    wish = FeedWish(label, Detail(detail), practitioner, location)
    click.echo(saying(lambda: create_feed(desk, wish, SYSTEM))[1])


@feeds_group.command("list")
def list_all() -> None:
    """Say which there are: id, label, detail, practitioner, location, created, revoked."""
    desk = bootstrap(settings()).desk
    with desk.db.transaction() as session:
        for each in list_feeds(session):
            dates = (
                at.isoformat(timespec="minutes") if at else "-" for at in (each.created_at, each.revoked_at)
            )
            shown = (each.label, each.detail, each.practitioner or "-", each.location or "-")
            click.echo("\t".join((str(each.id), *shown, *dates)))


@feeds_group.command("revoke")
@click.argument("id", type=click.UUID)
def revoke(id: UUID) -> None:
    """From now on its address leads to nothing."""
    desk = bootstrap(settings()).desk
    click.echo(f"{saying(lambda: revoke_feed(desk, id, SYSTEM)).label} leads to nothing any more.")
