"""How the gate of a visit by video stands, and how long a vendor is left alone."""

from datetime import datetime, timedelta

import pytest

from scheduler.domain.clinic import Mode
from scheduler.domain.video import Door, closes_at, door, opens_at, wait_after
from scheduler.domain.visits import AT_GATE, BY_PATIENT, BY_STAFF, Act
from scheduler.domain.visits import VisitStatus as S
from tests.cast import at

START, END = at(8, 10), at(8, 10, 30)
VIDEO, IN_PERSON = Mode.TELEMEDICINE, Mode.IN_PERSON
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("now", "stands"),
    [
        (at(1, 0), Door.EARLY),
        (opens_at(START) - SECOND, Door.EARLY),
        (opens_at(START), Door.OPEN),
        (START, Door.OPEN),
        (closes_at(END) - SECOND, Door.OPEN),
        (closes_at(END), Door.OVER),
        (at(20, 0), Door.OVER),
    ],
)
def test_it_opens_a_while_before_and_closes_a_while_after(now: datetime, stands: Door) -> None:
    assert door(S.BOOKED, VIDEO, START, END, now) is stands


@pytest.mark.parametrize(
    ("status", "stands"),
    [
        (S.PENDING, Door.PENDING),
        (S.BOOKED, Door.OPEN),
        (S.ARRIVED, Door.OPEN),
        (S.CHECKED_IN, Door.OPEN),
        (S.FULFILLED, Door.OVER),
        (S.NOSHOW, Door.OVER),
        (S.CANCELLED, Door.CANCELLED),
        (S.ENTERED_IN_ERROR, Door.CANCELLED),
    ],
)
def test_it_is_open_to_visits_that_take_place(status: S, stands: Door) -> None:
    assert door(status, VIDEO, START, END, START) is stands


@pytest.mark.parametrize("now", [at(1, 0), START])
def test_a_visit_in_person_has_none_and_says_so_before_anything_else_that_is_not_final(now: datetime) -> None:
    assert door(S.BOOKED, IN_PERSON, START, END, now) is Door.IN_PERSON
    assert door(S.CANCELLED, IN_PERSON, START, END, now) is Door.CANCELLED


def test_what_the_gate_may_do_staff_may_do_and_patients_otherwise_may_not() -> None:
    for act, ways in AT_GATE.items():
        assert ways.items() <= BY_STAFF[act].items()
    assert {Act.ARRIVE, Act.JOIN, Act.KNOCK} & BY_PATIENT.keys() == set()


def test_a_vendor_that_fails_is_left_alone_for_longer_and_longer_but_never_for_long() -> None:
    waits = [wait_after(attempts) for attempts in range(1, 12)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (timedelta(seconds=15), timedelta(minutes=5))
    assert wait_after(1, 90.0) == timedelta(seconds=90)
    assert wait_after(1, 3600.0) == timedelta(minutes=5)
