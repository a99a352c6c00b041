"""Which messages a visit has, when they are due and until when they are worth sending."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.domain.clinic import Mode, ReminderPlan
from scheduler.domain.messages import (
    OPEN,
    QUEUES,
    SPEAKS_OF,
    WITH_ENTRY,
    MessageKind,
    MessageState,
    PlannedMessage,
    Queue,
    plan_booking,
    plan_reminders,
    still_true,
)
from scheduler.domain.visits import VisitStatus

START = datetime(2027, 3, 15, 15, tzinfo=UTC)
"""The Monday after the clocks were changed."""
HOUR = timedelta(hours=1)
PLAN = ReminderPlan()


def kinds(planned: list[PlannedMessage]) -> list[tuple[MessageKind, int]]:
    return [(each.kind, each.offset) for each in planned]


def test_a_booking_made_a_week_ahead_has_a_confirmation_two_reminders_and_the_way_in() -> None:
    planned = plan_booking(VisitStatus.BOOKED, Mode.TELEMEDICINE, START, START - timedelta(days=7), PLAN)
    assert kinds(planned) == [
        (MessageKind.CONFIRMED, 0),
        (MessageKind.REMINDER, 72 * 60),
        (MessageKind.REMINDER, 24 * 60),
        (MessageKind.JOIN, 60),
    ]


def test_a_visit_in_person_has_no_message_about_joining() -> None:
    planned = plan_booking(VisitStatus.BOOKED, Mode.IN_PERSON, START, START - timedelta(days=7), PLAN)
    assert MessageKind.JOIN not in {each.kind for each in planned}


def test_a_visit_that_waits_for_staff_only_says_that_it_was_received() -> None:
    now = START - timedelta(days=7)
    planned = plan_booking(VisitStatus.PENDING, Mode.TELEMEDICINE, START, now, PLAN)
    assert planned == [PlannedMessage(MessageKind.RECEIVED, 0, now, START)]


def test_the_confirmation_is_due_at_once_and_worthless_once_the_visit_has_begun() -> None:
    now = START - 5 * HOUR
    first = plan_booking(VisitStatus.BOOKED, Mode.IN_PERSON, START, now, PLAN)[0]
    assert (first.kind, first.due_at, first.expires_at) == (MessageKind.CONFIRMED, now, START)


@pytest.mark.parametrize(
    ("hours_before", "left"),
    [(100, [72 * 60, 24 * 60, 60]), (72, [24 * 60, 60]), (30, [24 * 60, 60]), (24, [60]), (2, [60]), (1, [])],
)
def test_a_reminder_whose_time_is_past_at_the_booking_is_left_out(hours_before: int, left: list[int]) -> None:
    planned = plan_reminders(Mode.TELEMEDICINE, START, START - hours_before * HOUR, PLAN)
    assert [each.offset for each in planned] == left


def test_each_reminder_is_worthless_when_the_next_one_is_due() -> None:
    three_days, one_day, join = plan_reminders(Mode.TELEMEDICINE, START, START - 100 * HOUR, PLAN)
    assert three_days.expires_at == one_day.due_at == START - 24 * HOUR
    assert one_day.expires_at == join.due_at == START - HOUR
    assert join.expires_at == START


def test_a_reminder_shorter_than_the_join_message_still_has_its_time() -> None:
    plan = ReminderPlan(reminders=(24 * 60, 30), join=60)
    planned = plan_reminders(Mode.TELEMEDICINE, START, START - 100 * HOUR, plan)
    assert kinds(planned) == [
        (MessageKind.REMINDER, 1440),
        (MessageKind.JOIN, 60),
        (MessageKind.REMINDER, 30),
    ]
    assert [each.expires_at for each in planned] == [START - HOUR, START - HOUR / 2, START]


def test_a_clinic_without_reminders_sends_none() -> None:
    assert plan_reminders(Mode.TELEMEDICINE, START, START - 100 * HOUR, ReminderPlan((), None)) == []


OFFSETS = st.lists(st.integers(1, 2_000).map(lambda n: n * 5), max_size=6, unique=True)


@given(OFFSETS, st.none() | st.integers(1, 300).map(lambda n: n * 5), st.integers(-100, 20_000))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_every_planned_message_lies_ahead_and_has_time_to_be_sent(
    offsets: list[int], join: int | None, minutes_before: int
) -> None:
    now = START - timedelta(minutes=minutes_before)
    planned = plan_reminders(Mode.TELEMEDICINE, START, now, ReminderPlan(tuple(offsets), join))
    dues = [each.due_at for each in planned]
    assert dues == sorted(dues)
    for each in planned:
        assert now < each.due_at < each.expires_at <= START
        assert each.due_at == START - timedelta(minutes=each.offset)
        assert not [due for due in dues if each.due_at < due < each.expires_at]
    asked = [*offsets, *([join] if join else [])]
    assert sorted(each.offset for each in planned) == sorted(n for n in asked if n < minutes_before)


TRUE_IN: dict[str, set[str]] = {
    "received": {"pending"},
    "confirmed": {"booked"},
    "changed": {"booked"},
    "cancelled": {"cancelled", "entered-in-error"},
    "declined": {"cancelled"},
    "expired": {"cancelled"},
    "reminder": {"booked"},
    "join": {"booked"},
    "links": {"pending", "booked", "arrived", "checked-in"},
    "withdrawn": {*VisitStatus},
    "reply": {"pending", "booked"},
    "webhook": {*VisitStatus},
    "alert": set(),  # it is about a task
}
"""In which states of a visit what a message says is true."""

EVERYTHING = list(product(MessageKind, VisitStatus))


@pytest.mark.parametrize(("kind", "status"), EVERYTHING)
def test_a_message_is_sent_only_while_what_it_says_is_true(kind: MessageKind, status: VisitStatus) -> None:
    assert still_true(kind, 3, status, 3) is (status in TRUE_IN[kind])


@pytest.mark.parametrize(("kind", "status"), EVERYTHING)
def test_a_message_about_another_version_of_a_visit_is_never_sent(
    kind: MessageKind, status: VisitStatus
) -> None:
    """But for one kind: that an address is out of it, no change of the visit makes untrue."""
    anyhow = kind is MessageKind.WITHDRAWN
    assert still_true(kind, 2, status, 3) is anyhow
    assert still_true(kind, 3, status, 2) is anyhow


def test_every_kind_of_message_knows_when_it_is_true_and_which_queue_it_takes() -> None:
    assert set(SPEAKS_OF) == set(QUEUES) == set(MessageKind)


def test_reminders_never_stand_before_confirmations_in_a_queue() -> None:
    assert QUEUES[MessageKind.REMINDER] is Queue.BULK
    assert {QUEUES[kind] for kind in WITH_ENTRY | {MessageKind.JOIN}} == {Queue.URGENT}


def test_a_message_that_came_to_an_end_is_not_open() -> None:
    assert set(MessageState) - OPEN == {
        MessageState.SENT,
        MessageState.DELIVERED,
        MessageState.SUPERSEDED,
        MessageState.SKIPPED,
        MessageState.EXPIRED,
        MessageState.FAILED,
        MessageState.BOUNCED,
        MessageState.UNKNOWN,
    }
