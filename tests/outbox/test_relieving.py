"""News that no channel takes for half an hour go another way, last of all by phone."""

from datetime import timedelta
from uuid import UUID

import pytest

from scheduler.bootstrap import Runtime
from scheduler.channels.outcome import Verdict
from scheduler.db.models import ChannelPause
from scheduler.domain.messages import ChannelName, MessageKind, MessageState
from scheduler.services.outbox.fence import give_back
from scheduler.services.telling import relieving
from scheduler.services.telling.relieving import relieve as relieve_at
from tests.cast import at
from tests.outbox.conftest import Book, change, claimed, finished, now, rows

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
        return relieve_at(session, run.db.now(session) + later)


def told_by(run: Runtime, visit: UUID) -> list[tuple[str, str]]:
    """How the booking is told: channels and states."""
    return [(each.channel, each.state) for each in rows(run, visit, MessageKind.CONFIRMED)]


def reminded_by(run: Runtime, visit: UUID) -> set[tuple[str, str]]:
    """The day before."""
    reminders = rows(run, visit, MessageKind.REMINDER)
    return {(each.channel, each.state) for each in reminders if each.offset_minutes == 1440}


def fails(run: Runtime, visit: UUID, *channels: ChannelName) -> None:
    """Each of these is tried once, in vain."""
    for each in rows(run, visit, MessageKind.CONFIRMED):
        if each.channel in channels:
            assert finished(run, claimed(run, each.id), Verdict.LATER) == MessageState.PENDING


def sent(run: Runtime, visit: UUID, channel: ChannelName) -> None:
    (message,) = (each for each in rows(run, visit, MessageKind.CONFIRMED) if each.channel == channel)
    assert finished(run, claimed(run, message.id), Verdict.SENT) == MessageState.SENT


def test_where_every_channel_is_paused_somebody_calls(run: Runtime, book: Book) -> None:
    visit = tomorrow(book)
    pause(run, ChannelName.EMAIL, ChannelName.SMS)
    relieve(run, 31 * MINUTE)
    assert told_by(run, visit) == [("email", "pending"), ("sms", "pending"), ("call", "pending")]
    assert relieve(run, 32 * MINUTE) == 0, "once"


def test_what_a_server_does_not_take_for_half_an_hour_is_told_by_phone(run: Runtime, book: Book) -> None:
    """A server that is away refuses nobody, so that no channel is paused."""
    visit = book(at(2, 9))
    fails(run, visit, ChannelName.EMAIL)
    assert relieve(run, 29 * MINUTE) == 0
    assert relieve(run, 31 * MINUTE) == 1
    assert told_by(run, visit) == [("email", "pending"), ("call", "pending")]
    assert relieve(run, 32 * MINUTE) == 0, "once"


def test_what_was_told_by_text_needs_no_call(run: Runtime, book: Book) -> None:
    visit = tomorrow(book)
    sent(run, visit, ChannelName.SMS)
    fails(run, visit, ChannelName.EMAIL)
    assert relieve(run, 31 * MINUTE) == 0


def test_a_text_goes_instead_where_none_was_planned(run: Runtime, book: Book) -> None:
    visit = tomorrow(book)
    (text,) = (each for each in rows(run, visit, MessageKind.CONFIRMED) if each.channel == ChannelName.SMS)
    change(run, text.id, state=MessageState.SKIPPED)  # when they did not want any
    fails(run, visit, ChannelName.EMAIL)
    relieve(run, 31 * MINUTE)
    assert told_by(run, visit) == [("email", "pending"), ("sms", "pending")]


@pytest.mark.parametrize("paused", [(), (ChannelName.EMAIL,)], ids=["both fail", "one is paused"])
def test_where_mail_and_texts_both_fail_somebody_calls_once(
    run: Runtime, book: Book, paused: tuple[ChannelName, ...]
) -> None:
    visit = tomorrow(book)
    pause(run, *paused)
    fails(run, visit, *{ChannelName.EMAIL, ChannelName.SMS} - {*paused})
    relieve(run, 31 * MINUTE)
    assert told_by(run, visit) == [("email", "pending"), ("sms", "pending"), ("call", "pending")]
    assert relieve(run, 32 * MINUTE) == 0


def test_what_nobody_has_taken_yet_waits_for_its_turn(run: Runtime, book: Book) -> None:
    visit = book(at(2, 9))
    assert relieve(run, 31 * MINUTE) == 0
    assert told_by(run, visit) == [("email", "pending")]


def test_what_was_taken_and_not_begun_because_its_server_is_silent_is_as_stuck(
    run: Runtime, book: Book
) -> None:
    visit = book(at(2, 9))
    for each in rows(run, visit, MessageKind.CONFIRMED):
        with run.db.transaction() as session:
            give_back(session, claimed(run, each.id), run.db.now(session))
    assert relieve(run, 31 * MINUTE) == 1
    assert told_by(run, visit) == [("email", "pending"), ("call", "pending")]


def test_of_visits_that_are_not_soon_news_may_wait(run: Runtime, book: Book) -> None:
    fails(run, book(at(9, 9)), ChannelName.EMAIL)
    assert relieve(run, 31 * MINUTE) == 0


def test_of_many_some_are_told_otherwise_at_a_time(
    run: Runtime, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relieving, "MOST_AT_ONCE", 2)
    for _ in range(3):
        fails(run, book(), ChannelName.EMAIL)
    assert [relieve(run, 31 * MINUTE) for _ in range(3)] == [2, 1, 0]


def test_reminders_that_can_only_wait_keep_no_others_from_going_by_mail(
    run: Runtime, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relieving, "MOST_AT_ONCE", 1)
    by_phone, by_mail = (
        book(at(8, hour), patient={"phone": PHONE, **reached}, consents=["sms:1"])
        for hour, reached in ((10, {"email": None}), (11, {}))
    )
    run.db.offset += at(7, 12) - now(run)
    pause(run, ChannelName.SMS)
    for _ in range(3):
        relieve(run, 31 * MINUTE)
    assert reminded_by(run, by_phone) == {("sms", "pending")}
    assert reminded_by(run, by_mail) == {("sms", "skipped"), ("email", "pending")}
