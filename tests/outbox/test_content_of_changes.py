"""What is said of a visit that moved or ended, and what its calendar object does."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from scheduler.bootstrap import Runtime
from scheduler.calendars.lint import event_of, faults
from scheduler.channels.email import EmailChannel
from scheduler.channels.mime import compose
from scheduler.channels.outcome import Fence, Outcome, Verdict
from scheduler.db.models import Message, Visit
from scheduler.domain.clinic import Mode
from scheduler.domain.messages import MessageKind, MessageState
from scheduler.domain.visits import Act
from scheduler.services.booking.making import book
from tests.cast import at
from tests.outbox.postbox import Postbox, act, make_round, reschedule, states
from tests.services.asking import request
from tests.smtp import ScriptedServer

SILENCE = Outcome(Verdict.UNKNOWN, detail="end: no answer")
NOT_NOW = Outcome(Verdict.LATER, "451 4.3.0", "sender: not now")


class Shut:
    """A mail server that is away: nothing reaches the fence."""

    def deliver(self, mail: Any, fence: Fence) -> Outcome:
        return NOT_NOW


@pytest.fixture
def box() -> Postbox:
    return Postbox()


def booked(run: Runtime, **more: Any) -> UUID:
    return book(run.desk, request(at(8, 10), **more)).visit.id


def asked_for(run: Runtime) -> UUID:
    """A visit that staff have to approve."""
    made = book(run.desk, request(at(8, 10), visit_type="reviewed", new_patient=True)).visit
    assert made.status == "pending"
    return made.id


def test_a_moved_visit_keeps_its_entry_and_its_thread(run: Runtime, box: Postbox) -> None:
    visit = booked(run)
    make_round(run, box)
    reschedule(run, visit, day=9)
    make_round(run, box)
    first, second = box.mails
    assert second.subject == "Changed: your appointment is now on Dec 9"
    assert second.references == (first.message_id,)
    assert first.calendar and second.calendar
    assert (second.calendar_method, faults(second.calendar)) == ("REQUEST", [])
    entered, moved = event_of(first.calendar), event_of(second.calendar)
    assert moved["UID"] == entered["UID"]
    assert [each["SEQUENCE"].value for each in (entered, moved)] == ["0", "1"]
    assert moved["DTSTART"].value == "20261209T160000Z"


@pytest.mark.parametrize("end", [Act.CANCEL, Act.ENTERED_IN_ERROR])
def test_a_visit_that_ended_leaves_the_calendar(run: Runtime, box: Postbox, end: Act) -> None:
    visit = booked(run)
    make_round(run, box)
    act(run, visit, end)
    make_round(run, box)
    first, last = box.mails
    assert last.subject == "Cancelled: your appointment on Dec 8"
    assert last.references == (first.message_id,)
    assert first.calendar and last.calendar
    assert (last.calendar_method, faults(last.calendar, "CANCEL")) == ("CANCEL", [])
    assert b"method=CANCEL" in compose(last)
    gone = event_of(last.calendar)
    assert gone["UID"] == event_of(first.calendar)["UID"]
    assert (gone["STATUS"].value, gone["SEQUENCE"].value) == ("CANCELLED", "1")


def test_nothing_is_left_to_join_or_manage_of_a_visit_that_ended(run: Runtime, box: Postbox) -> None:
    act(run, booked(run), Act.CANCEL)
    make_round(run, box)
    (mail,) = box.mails
    assert mail.calendar
    assert "CONFERENCE" not in event_of(mail.calendar)
    assert "https://visits.example/v/" not in mail.text + mail.html + mail.calendar.decode()
    assert "https://visits.example/book" in mail.text


@pytest.mark.parametrize(
    ("end", "subject"),
    [
        (Act.DECLINE, "Not accepted: your appointment request for Dec 8"),
        (Act.EXPIRE, "Not confirmed: your appointment request for Dec 8"),
    ],
)
def test_a_request_that_came_to_nothing_leaves_the_calendar_too(
    run: Runtime, box: Postbox, end: Act, subject: str
) -> None:
    visit = asked_for(run)
    make_round(run, box)
    act(run, visit, end)
    make_round(run, box)
    received, last = box.mails
    assert received.calendar and last.calendar
    assert event_of(received.calendar)["STATUS"].value == "TENTATIVE"
    assert (last.subject, last.calendar_method) == (subject, "CANCEL")
    assert faults(last.calendar, "CANCEL") == []


def test_somebody_who_never_heard_of_a_visit_is_told_all_the_same_that_it_ended(
    run: Runtime, box: Postbox
) -> None:
    act(run, booked(run), Act.CANCEL)
    make_round(run, box)
    assert [(mail.subject, mail.calendar_method) for mail in box.mails] == [
        ("Cancelled: your appointment on Dec 8", "CANCEL")
    ]
    assert states(run) == [("confirmed", "superseded"), ("cancelled", "sent")]


def test_a_change_is_told_as_a_confirmation_to_whom_none_was_handed_over(run: Runtime, box: Postbox) -> None:
    visit = booked(run)
    make_round(run, Shut())
    reschedule(run, visit, day=9)
    make_round(run, box)
    assert [mail.subject for mail in box.mails] == ["Your appointment on Dec 9"]
    assert "Your appointment is confirmed." in box.mails[0].text
    assert states(run) == [("confirmed", "superseded"), ("changed", "sent")]


def test_a_confirmation_that_may_have_arrived_makes_what_follows_a_change(run: Runtime, box: Postbox) -> None:
    visit = booked(run)
    make_round(run, Postbox(SILENCE))
    reschedule(run, visit, day=9)
    make_round(run, box)
    assert [mail.subject for mail in box.mails] == ["Changed: your appointment is now on Dec 9"]


def test_a_second_change_is_a_change_when_the_first_was_told(run: Runtime, box: Postbox) -> None:
    visit = booked(run)
    reschedule(run, visit, day=9)
    make_round(run, box)
    reschedule(run, visit, day=10)
    make_round(run, box)
    assert [mail.subject for mail in box.mails] == [
        "Your appointment on Dec 9",
        "Changed: your appointment is now on Dec 10",
    ]


def test_who_knows_only_of_a_request_gets_a_change_as_a_confirmation(run: Runtime, box: Postbox) -> None:
    visit = asked_for(run)
    make_round(run, box)
    act(run, visit, Act.APPROVE)
    reschedule(run, visit, day=9)
    make_round(run, box)
    assert [mail.subject for mail in box.mails][1:] == ["Your appointment on Dec 9"]


def test_who_was_told_that_it_is_cancelled_gets_a_change_as_a_confirmation(
    run: Runtime, box: Postbox
) -> None:
    visit = booked(run)
    make_round(run, box)
    act(run, visit, Act.CANCEL)
    make_round(run, box)
    act(run, visit, Act.UNDO)
    reschedule(run, visit, day=9)
    make_round(run, box)
    assert [mail.subject for mail in box.mails][2:] == ["Your appointment on Dec 9"]


@pytest.mark.parametrize("told", [True, False])
def test_each_copy_of_a_change_has_the_same_bytes(run: Runtime, told: bool) -> None:
    visit = booked(run)
    make_round(run, Postbox() if told else Shut())
    reschedule(run, visit, day=9)
    box = Postbox(SILENCE)
    for _ in range(3):
        make_round(run, box)
    one, other = box.mails
    assert compose(one) == compose(other)
    assert one.subject.startswith("Changed") == told
    assert states(run)[-1] == ("changed", "unknown")


def test_the_row_tells_by_which_templates_it_was_made(run: Runtime, box: Postbox) -> None:
    visit = booked(run, mode=Mode.IN_PERSON)
    make_round(run, box)
    reschedule(run, visit, day=9)
    with run.db.transaction() as session:
        rows = select(Message.kind, Message.template_version).where(Message.offset_minutes == 0)
        before = dict(session.execute(rows).all())
    make_round(run, box)
    with run.db.transaction() as session:
        after = dict(session.execute(rows).all())
    assert before["changed"] is None
    assert before["confirmed"] == after["confirmed"]
    assert after["confirmed"] and after["changed"]
    assert after["confirmed"] != after["changed"]


def spoil(run: Runtime) -> None:
    """A Message-ID that no mail can have."""
    with run.db.transaction() as session:
        session.execute(update(Message).values(message_id="a b"))


def test_a_mail_that_cannot_be_written_is_given_up_after_three_tries(run: Runtime) -> None:
    booked(run)
    spoil(run)
    with ScriptedServer() as server:
        channel, seen = EmailChannel(server.url()), []
        for _ in range(4):
            make_round(run, channel)
            seen += states(run)
        assert server.connections == 0
    assert seen == [("confirmed", state) for state in ("pending", "pending", "failed", "failed")]


def test_tries_that_failed_otherwise_do_not_count_among_the_three(run: Runtime, box: Postbox) -> None:
    booked(run)
    for _ in range(5):
        make_round(run, Shut())
    spoil(run)
    make_round(run, EmailChannel("smtp://127.0.0.1:1"))
    assert states(run) == [("confirmed", "pending")]
    with run.db.transaction() as session:
        session.execute(update(Message).values(message_id="0a1b"))
    make_round(run, box)
    assert states(run) == [("confirmed", "sent")]


def test_a_mail_that_cannot_be_written_does_not_stop_the_others(run: Runtime, box: Postbox) -> None:
    broken, fine = booked(run), book(run.desk, request(at(8, 14), 2)).visit.id
    with run.db.transaction() as session:
        session.execute(update(Visit).where(Visit.id == broken).values(practitioner="nobody"))
    make_round(run, box)
    with run.db.transaction() as session:
        done = select(Message.visit_id).where(Message.state == MessageState.SENT)
        assert session.scalars(done).all() == [fine]


def test_trouble_after_the_fence_is_not_taken_for_a_mail_that_cannot_be_written(run: Runtime) -> None:
    class Broken:
        def deliver(self, mail: Any, fence: Fence) -> Outcome:
            fence()
            raise ValueError("too late to say so")

    booked(run)
    with pytest.raises(ValueError, match="too late"):
        make_round(run, Broken())
    assert states(run) == [(MessageKind.CONFIRMED, MessageState.HANDOFF)]
