"""Texts that an outage kept until it is night where they go: the rule that planned them is asked again."""

from datetime import datetime
from uuid import UUID

import pytest

from scheduler.bootstrap import Runtime
from scheduler.db.models import Visit
from scheduler.domain.messages import MessageKind, MessageState
from scheduler.domain.visits import Act
from scheduler.services.changes.moving import Destination, move
from scheduler.services.changes.scene import Order, carry_out
from scheduler.services.telling.relieving import relieve
from tests.cast import at
from tests.outbox.conftest import Book, change, now, row, rows
from tests.outbox.test_calls import cancelled
from tests.outbox.test_texts import AGREED, PHONE, STAFF, Phone, by, go, phone, text_of, texted
from tests.services.asking import put_in_force

__all__ = ["phone"]


def moved(run: Runtime, visit: UUID, start: datetime) -> None:
    carry_out(
        run.desk, Order(visit, Act.RESCHEDULE, STAFF), lambda scene: move(scene, Destination(start=start))
    )


def sent(run: Runtime, visit: UUID) -> None:
    """Whatever was planned until now was handed over."""
    for each in rows(run, visit):
        if each.kind == MessageKind.CONFIRMED:
            change(run, each.id, state=MessageState.SENT, handoffs=1)


def test_a_cancel_that_a_gateway_kept_until_night_waits_for_the_morning(
    run: Runtime, book: Book, phone: Phone
) -> None:
    visit = texted(book, at(8, 10))
    cancelled(run, visit, at(1, 20))
    text = text_of(run, visit, MessageKind.CANCELLED)
    run.db.offset += at(1, 23) - now(run)
    assert go(run, phone, text) == ["pending"]
    assert (row(run, text.id).next_at, phone.texts) == (at(2, 8), [])
    run.db.offset += at(2, 8) - now(run)
    assert go(run, phone, text) == ["sent"]


def test_what_waits_for_the_morning_is_not_taken_for_stuck(run: Runtime, book: Book, phone: Phone) -> None:
    """Else somebody would be called about it at night."""
    visit = texted(book, at(3, 10), email=None)
    cancelled(run, visit, at(1, 20))
    text = text_of(run, visit, MessageKind.CANCELLED)
    run.db.offset += at(1, 23) - now(run)
    assert go(run, phone, text) == ["pending"]
    assert row(run, text.id).due_at == at(2, 8)
    run.db.offset += at(1, 23, 45) - now(run)
    with run.db.transaction() as session:
        assert relieve(session, run.db.now(session)) == 0
    assert {each.channel for each in rows(run, visit, MessageKind.CANCELLED)} == {"sms"}


def test_one_of_a_visit_of_the_next_morning_goes_at_night(run: Runtime, book: Book, phone: Phone) -> None:
    visit = texted(book, at(2, 11))
    cancelled(run, visit, at(1, 20))
    run.db.offset += at(1, 23) - now(run)
    assert go(run, phone, text_of(run, visit, MessageKind.CANCELLED)) == ["sent"]


@pytest.mark.parametrize(("told", "becomes"), [(at(2, 11), "sent"), (at(3, 11), "pending")])
def test_a_move_goes_at_night_where_they_would_come_in_the_morning(
    run: Runtime, book: Book, phone: Phone, told: datetime, becomes: str
) -> None:
    visit = texted(book, told)
    sent(run, visit)
    run.db.offset += at(1, 15) - now(run)
    moved(run, visit, at(8, 10))
    run.db.offset += at(1, 23) - now(run)
    assert go(run, phone, text_of(run, visit, MessageKind.CHANGED)) == [becomes]


def test_a_confirmation_answers_at_night_too(run: Runtime, book: Book, phone: Phone) -> None:
    visit = texted(book, at(8, 10))
    run.db.offset += at(1, 23) - now(run)
    assert go(run, phone, text_of(run, visit, MessageKind.CONFIRMED)) == ["sent"]


def test_a_reminder_that_helps_no_more_in_the_morning_is_called(
    run: Runtime, book: Book, phone: Phone
) -> None:
    visit = texted(book, at(8, 9), email=None)
    reminder = rows(run, visit, MessageKind.REMINDER)[-1]
    change(run, reminder.id, expires_at=at(8, 8))
    run.db.offset += at(7, 22) - now(run)
    assert go(run, phone, reminder) == ["skipped"]
    assert ("reminder", "call", "pending") in by(run, visit)


# --------------------------------------------------------------------------------------- by whose clock


def by_video_from_the_west(run: Runtime, book: Book, **patient: object) -> UUID:
    """A visit with somebody in Los Angeles, where it is evening while it is night at the clinic."""
    west = 'message_name = "Dr. One"\ntimezone = "America/Los_Angeles"'
    put_in_force(run, {'message_name = "Dr. One"': west, 'closes = "17:00"': 'closes = "22:00"'})
    whose = {"phone": PHONE, "email": None, **patient}
    return book(at(8, 21, 30), practitioner="one", patient=whose, **AGREED)


def test_by_video_it_is_night_by_the_clinics_clock_and_not_by_the_practitioners(
    run: Runtime, book: Book, phone: Phone
) -> None:
    visit = by_video_from_the_west(run, book)
    with run.db.transaction() as session:
        assert session.get_one(Visit, visit).zone == "America/Los_Angeles"
    reminder = rows(run, visit, MessageKind.REMINDER)[-1]
    assert reminder.due_at == at(7, 20)
    run.db.offset += at(7, 22) - now(run)
    assert go(run, phone, reminder) == ["pending"]
    assert row(run, reminder.id).next_at == at(8, 8)


def test_whose_own_clock_is_known_goes_by_that(run: Runtime, book: Book) -> None:
    visit = by_video_from_the_west(run, book, timezone="America/Los_Angeles")
    assert rows(run, visit, MessageKind.REMINDER)[-1].due_at == at(7, 21, 30)
