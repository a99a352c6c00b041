"""Visits to which nobody came are marked by themselves, and never one that may have been our own fault."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from scheduler.bootstrap import Runtime
from scheduler.domain.clinic import Mode
from scheduler.domain.visits import Act
from scheduler.services.booking.making import book
from scheduler.services.changes.scene import Order, carry_out
from scheduler.services.changes.undoing import undo
from scheduler.services.joining.entering import host
from scheduler.services.rounds.absent import mark_absent
from tests.cast import at
from tests.gatehouse import END, STAFF, START, GateHouse, gatehouse, jitsi
from tests.services.asking import request

MINUTE = timedelta(minutes=1)
GRACE = 30 * MINUTE


@pytest.fixture
def house(run: Runtime) -> GateHouse:
    return gatehouse(run, jitsi())


@pytest.fixture
def here(house: GateHouse) -> UUID:
    """A visit in person."""
    return book(house.run.desk, request(START, mode=Mode.IN_PERSON, practitioner="one")).visit.id


@pytest.fixture
def by_video(house: GateHouse) -> UUID:
    """It has begun."""
    visit = house.booked()
    house.clock(START)
    return visit


def marked(house: GateHouse, after: timedelta = GRACE) -> int:
    """How many are marked so long after the end of the visit."""
    house.clock(END + after)
    return mark_absent(house.run.desk, END + after)


def test_who_did_not_come_is_marked_half_an_hour_after_the_end(house: GateHouse, here: UUID) -> None:
    assert marked(house, GRACE - MINUTE) == 0
    assert marked(house) == 1
    assert house.status(here) == "noshow"
    assert house.history(here)[-1] == ("system", "no-show")
    assert marked(house, GRACE + MINUTE) == 0


def test_the_clinic_file_says_how_long_afterwards(house: GateHouse, here: UUID) -> None:
    house.in_force({'languages = ["en", "es"]': 'languages = ["en", "es"]\nno_show_after = "2h"'})
    assert marked(house, timedelta(minutes=119)) == 0
    assert marked(house, timedelta(hours=2)) == 1


@pytest.mark.parametrize("acts", [(Act.ARRIVE,), (Act.ARRIVE, Act.CHECK_IN), (Act.CANCEL,)])
def test_who_came_or_cancelled_is_not(house: GateHouse, here: UUID, acts: tuple[Act, ...]) -> None:
    for act in acts:
        house.does(here, act)
    assert marked(house) == 0


def test_a_request_that_nobody_approved_is_not(house: GateHouse) -> None:
    house.booked(visit_type="reviewed")
    assert marked(house) == 0


def test_whom_staff_bring_back_stays(house: GateHouse, here: UUID) -> None:
    assert marked(house) == 1
    carry_out(house.run.desk, Order(here, Act.UNDO, STAFF), undo)
    assert (marked(house, timedelta(hours=2)), house.status(here)) == (0, "booked")


def test_what_is_long_past_is_left_to_staff(house: GateHouse, here: UUID) -> None:
    assert marked(house, timedelta(days=2)) == 0


# -------------------------------------------------------------------------------------------------- by video


def test_by_video_who_left_the_practitioner_waiting_is_marked(house: GateHouse, by_video: UUID) -> None:
    host(house.run.desk, by_video, STAFF)
    assert marked(house, GRACE - MINUTE) == 0, "the gate would still let them in"
    assert (marked(house), house.status(by_video)) == (1, "noshow")


def test_never_where_the_practitioner_did_not_come(house: GateHouse, by_video: UUID) -> None:
    assert (marked(house), house.status(by_video)) == (0, "booked")


@pytest.mark.parametrize("said", [{"state": "LA"}, {"place": "driving"}, {"phone": ""}, {}])
def test_never_where_the_patient_tried_the_gate(
    house: GateHouse, by_video: UUID, said: dict[str, str]
) -> None:
    host(house.run.desk, by_video, STAFF)
    house.come(by_video, **said)
    assert marked(house) == 0


def test_who_only_looked_did_not_try(house: GateHouse, by_video: UUID) -> None:
    host(house.run.desk, by_video, STAFF)
    house.look(by_video)
    assert marked(house) == 1


def test_who_came_to_a_time_from_which_the_visit_was_moved_may_be_absent_from_the_new_one(
    house: GateHouse, by_video: UUID
) -> None:
    house.come(by_video, place="driving")
    host(house.run.desk, by_video, STAFF)
    later = at(8, 15)
    house.moved(by_video, start=later)
    assert _marked_after(house, later) == 0, "nobody was there"
    house.clock(later)
    host(house.run.desk, by_video, STAFF)
    assert _marked_after(house, later) == 1


def _marked_after(house: GateHouse, start: datetime) -> int:
    over = start + timedelta(minutes=60)
    house.clock(over)
    return mark_absent(house.run.desk, over)


def test_a_short_grace_does_not_close_the_gate(house: GateHouse, by_video: UUID) -> None:
    house.in_force({'languages = ["en", "es"]': 'languages = ["en", "es"]\nno_show_after = "5min"'})
    host(house.run.desk, by_video, STAFF)
    assert marked(house, GRACE - MINUTE) == 0
    assert marked(house) == 1
