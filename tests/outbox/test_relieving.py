"""News that no channel takes for half an hour go another way, last of all by phone."""

from datetime import timedelta
from uuid import UUID

from scheduler.bootstrap import Runtime
from scheduler.db.models import ChannelPause
from scheduler.domain.messages import ChannelName, MessageKind
from scheduler.services.rerouting import relieve_paused
from tests.cast import at
from tests.outbox.conftest import Book, rows

MINUTE = timedelta(minutes=1)
PHONE = "+14095550123"


def tomorrow(book: Book) -> UUID:
    """A visit whose patient hears by mail and by text."""
    return book(at(2, 9), patient={"phone": PHONE}, consents=["sms:1"])


def pause(run: Runtime, *channels: ChannelName) -> None:
    with run.db.transaction() as session:
        at_once = run.db.now(session)
        for each in channels:
            session.add(ChannelPause(channel=each, since=at_once, reason="535", next_probe_at=at_once))


def relieve(run: Runtime, later: timedelta) -> int:
    with run.db.transaction() as session:
        return relieve_paused(session, run.db.now(session) + later)


def told_by(run: Runtime, visit: UUID) -> list[tuple[str, str]]:
    """How the booking is told: channels and states."""
    return [(each.channel, each.state) for each in rows(run, visit, MessageKind.CONFIRMED)]


def test_where_every_channel_is_paused_somebody_calls(run: Runtime, book: Book) -> None:
    visit = tomorrow(book)
    pause(run, ChannelName.EMAIL, ChannelName.SMS)
    relieve(run, 31 * MINUTE)
    assert told_by(run, visit) == [("email", "pending"), ("sms", "pending"), ("call", "pending")]
