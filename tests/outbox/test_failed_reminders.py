"""Reminders and ways into a visit that a server or a provider refuses for their recipient's sake."""

from typing import Any
from uuid import UUID

import pytest

from scheduler.bootstrap import Runtime
from scheduler.channels.outcome import Verdict
from scheduler.db.models import Message
from scheduler.domain.messages import ChannelName, MessageKind, MessageState
from scheduler.services.telling.rerouting import move_on
from tests.cast import at
from tests.outbox.conftest import Book, change, claimed, finished, now, row, rows
from tests.outbox.test_texts import a_day_before, tasks, texted

MAIL, TEXT = ChannelName.EMAIL, ChannelName.SMS


def ends(run: Runtime, message: Message, verdict: Verdict = Verdict.ADDRESS, **more: Any) -> str:
    """What becomes of a message that is tried now."""
    change(run, message.id, next_at=now(run))
    finished(run, claimed(run, message.id), verdict, **more)
    return row(run, message.id).state


def reminder(run: Runtime, visit: UUID, channel: ChannelName) -> Message:
    """Of the day before."""
    found = rows(run, visit, MessageKind.REMINDER)
    return next(each for each in found if (each.offset_minutes, each.channel) == (1440, channel))


def a_day_before_it(run: Runtime) -> None:
    run.db.offset += at(7, 10) - now(run)


@pytest.mark.parametrize("verdict", [Verdict.ADDRESS, Verdict.REFUSED])
def test_one_that_a_mailbox_refuses_is_called(run: Runtime, book: Book, verdict: Verdict) -> None:
    visit = book(at(8, 10))
    a_day_before_it(run)
    assert ends(run, reminder(run, visit, MAIL), verdict) == "failed"
    assert a_day_before(run, visit) == {("email", "failed"), ("call", "pending")}
    assert tasks(run) == [], "the call becomes one as it is due"


def test_one_that_the_provider_of_texts_refuses_goes_by_mail(run: Runtime, book: Book) -> None:
    visit = texted(book)
    a_day_before_it(run)
    assert ends(run, reminder(run, visit, TEXT)) == "failed"
    assert a_day_before(run, visit) == {("sms", "failed"), ("email", "pending")}


def test_one_that_is_refused_by_both_is_called(run: Runtime, book: Book) -> None:
    visit = texted(book)
    a_day_before_it(run)
    ends(run, reminder(run, visit, TEXT))
    ends(run, reminder(run, visit, MAIL))
    assert a_day_before(run, visit) == {("sms", "failed"), ("email", "failed"), ("call", "pending")}


def test_one_too_many_for_a_number_that_its_mailbox_refuses_is_called(run: Runtime, book: Book) -> None:
    visit = texted(book)
    a_day_before_it(run)
    text = reminder(run, visit, TEXT)
    change(run, text.id, state=MessageState.SKIPPED, finished_at=now(run))
    with run.db.transaction() as session:
        move_on(session, [text.id], now(run))
    ends(run, reminder(run, visit, MAIL))
    assert a_day_before(run, visit) == {("sms", "skipped"), ("email", "failed"), ("call", "pending")}


def joins(run: Runtime, visit: UUID) -> list[Message]:
    return rows(run, visit, MessageKind.JOIN)


def test_a_way_in_that_goes_both_ways_is_called_when_both_are_refused(run: Runtime, book: Book) -> None:
    visit = texted(book)
    run.db.offset += at(8, 9) - now(run)
    first, second = joins(run, visit)
    ends(run, first)
    assert joins(run, visit)[2:] == [], "the other one tells it"
    ends(run, second)
    assert [(each.channel, each.state) for each in joins(run, visit)[2:]] == [("call", "pending")]


def test_while_we_are_refused_nothing_goes_another_way(run: Runtime, book: Book) -> None:
    visit = texted(book)
    a_day_before_it(run)
    assert ends(run, reminder(run, visit, TEXT), Verdict.US) == "pending"
    assert a_day_before(run, visit) == {("sms", "pending")}


def test_one_that_we_cannot_write_is_told_to_staff_and_not_tried_elsewhere(run: Runtime, book: Book) -> None:
    visit = texted(book)
    a_day_before_it(run)
    assert ends(run, reminder(run, visit, TEXT), Verdict.BROKEN) == "failed"
    assert a_day_before(run, visit) == {("sms", "failed")}
    assert tasks(run) == [("unsendable", visit)]


def test_news_that_are_refused_are_one_call(run: Runtime, book: Book) -> None:
    visit = book()
    ends(run, rows(run, visit)[0])
    assert tasks(run) == [("call", visit)]
    assert {each.channel for each in rows(run, visit)} == {"email"}


def test_what_went_another_way_is_not_sent_again_when_it_turns_out_to_be_us(run: Runtime, book: Book) -> None:
    visits = [texted(book, at(9, 9 + number)) for number in range(5)]
    run.db.offset += at(6, 8) - now(run)
    mails = [rows(run, visit, MessageKind.REMINDER)[0] for visit in visits]
    for each in mails:
        ends(run, each, Verdict.REFUSED)
    assert [row(run, each.id).state for each in mails] == ["failed"] * 4 + ["pending"]
    assert [ways(run, each) for each in mails] == [["email", "sms"]] * 4 + [["email"]]


def ways(run: Runtime, message: Message) -> list[str]:
    """By which channels the same is told."""
    told = rows(run, message.visit_id, MessageKind.REMINDER)
    return [each.channel for each in told if each.offset_minutes == message.offset_minutes]


def test_what_went_no_other_way_is_sent_again_then(run: Runtime, book: Book) -> None:
    visits = [texted(book, at(8, 9 + number)) for number in range(5)]
    run.db.offset += at(8, 8) - now(run)
    mails = [joins(run, visit)[0] for visit in visits]
    for each in mails:
        ends(run, each, Verdict.REFUSED)
    assert [row(run, each.id).state for each in mails] == ["pending"] * 5
