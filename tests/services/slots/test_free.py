"""Free times as of now: of all that is taken, exactly what matters is read."""

import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheduler.bootstrap import Runtime
from scheduler.domain.clinic import Mode
from scheduler.domain.errors import Invalid, SlotTaken
from scheduler.domain.slots import Search, Taken
from scheduler.domain.times import DAY
from scheduler.domain.wishes import Wish, search
from scheduler.services.booking.making import book
from scheduler.services.slots.free import Found, find_slots
from scheduler.services.slots.taken import read_taken
from tests.cast import CENTRAL, NOW, at
from tests.services.asking import in_person, put_in_force, request

THURSDAY = date(2026, 12, 3)
VIDEO = Wish("follow-up", Mode.TELEMEDICINE)
IN_PERSON = Wish("follow-up", Mode.IN_PERSON)


def found(run: Runtime, wish: Wish = VIDEO, first: date = THURSDAY, last: date | None = None) -> Found:
    return find_slots(run.desk, wish, first, last or first)


def free_at(run: Runtime, start: datetime, wish: Wish = VIDEO) -> dict[str | None, list[str]]:
    """Who is free then, by place."""
    return {
        slot.location: list(slot.practitioners)
        for slot in found(run, wish, start.date()).slots
        if slot.start == start
    }


def taken(run: Runtime, wish: Wish, **more: Any) -> Taken:
    with run.db.transaction() as session:
        moment = run.desk.clinics.moment(session)
        asked: Search = search(moment.clinic, wish, THURSDAY, THURSDAY, moment.now)
        return read_taken(session, moment, asked, **more)


def test_an_empty_clinic_offers_its_whole_day(run: Runtime) -> None:
    slots = found(run).slots
    assert [f"{slot.start.astimezone(CENTRAL):%H:%M}" for slot in slots][:2] == ["09:00", "09:15"]
    assert len(slots) == 31
    assert {tuple(slot.practitioners) for slot in slots} == {("one", "two", "three")}


def test_a_booked_visit_is_free_no_more_and_only_for_the_one_who_gives_it(run: Runtime) -> None:
    book(run.desk, request(at(3, 10), practitioner="two"))
    assert free_at(run, at(3, 10)) == {None: ["one", "three"]}
    assert free_at(run, at(3, 9, 45)) == {None: ["one", "three"]}
    assert free_at(run, at(3, 10, 30)) == {None: ["one", "two", "three"]}


def test_a_video_visit_takes_its_practitioner_but_no_room(run: Runtime) -> None:
    book(run.desk, request(at(3, 10), practitioner="three"))
    rooms = taken(run, IN_PERSON).stretches
    assert {key for key, stretches in rooms.items() if stretches} == {"three"}


def test_a_visit_in_person_takes_practitioner_and_room(run: Runtime) -> None:
    book(run.desk, in_person(at(3, 10), location="main", practitioner="one"))
    span = (at(3, 10), at(3, 10, 30))
    assert {key: list(spans) for key, spans in taken(run, IN_PERSON).stretches.items()} == {
        "one": [span],
        "main/r1": [span],
    }


def test_nobodys_time_is_read_that_the_wish_does_not_need(run: Runtime) -> None:
    book(run.desk, in_person(at(3, 10), 1, location="main", practitioner="one"))
    book(run.desk, in_person(at(3, 10), 2, location="north"))
    assert set(taken(run, VIDEO).stretches) == {"one", "three"}
    assert set(taken(run, Wish("follow-up", Mode.IN_PERSON, location="north")).stretches) == {
        "three",
        "north/r1",
    }
    assert set(taken(run, Wish("follow-up", Mode.TELEMEDICINE, "two")).stretches) == set()


def test_visits_of_the_type_are_counted_by_practitioner_and_day(run: Runtime) -> None:
    for number, hour in enumerate((9, 11)):
        book(run.desk, request(at(3, hour), number, visit_type="limited"))
    book(run.desk, request(at(3, 13), 5, practitioner="one"))
    counts = taken(run, Wish("limited", Mode.TELEMEDICINE)).counts
    assert counts[("one", THURSDAY)] == 2


def test_a_day_on_which_the_limit_is_reached_is_not_offered_and_the_next_one_is(run: Runtime) -> None:
    limited = Wish("limited", Mode.TELEMEDICINE)
    for number, hour in enumerate((9, 11)):
        book(run.desk, request(at(3, hour), number, visit_type="limited"))
    assert found(run, limited).slots == []
    assert found(run, limited).next_available == at(4, 9)
    assert len(found(run, limited, THURSDAY + DAY).slots) == 31


def test_the_next_free_time_is_found_behind_the_days_that_were_asked_for(run: Runtime) -> None:
    saturday = date(2026, 12, 5)
    assert found(run, first=saturday, last=saturday + DAY).slots == []
    assert found(run, first=saturday, last=saturday + DAY).next_available == at(7, 9)


def test_there_is_no_next_free_time_behind_the_horizon(run: Runtime) -> None:
    assert found(run, first=date(2027, 3, 1)).next_available is None
    assert found(run, first=date(2099, 3, 1)).next_available is None


def test_days_long_past_are_answered_at_once_with_the_next_free_time(run: Runtime) -> None:
    began = time.monotonic()
    answer = found(run, first=date(1900, 1, 1), last=date(1900, 1, 31))
    assert answer.slots == []
    assert answer.next_available == at(1, 10, 15)
    assert time.monotonic() - began < 2


def test_the_notice_counts_from_now(run: Runtime) -> None:
    first = found(run, first=date(2026, 12, 1)).slots[0].start
    assert first == at(1, 10, 15)  # it is six, and four hours' notice
    put_in_force(run, {'code = "follow-up"': 'code = "follow-up"\nnotice = "6h"'})
    assert found(run, first=date(2026, 12, 1)).slots[0].start > at(1, 12)


def test_holidays_of_the_clinics_state_are_not_offered(run: Runtime) -> None:
    assert found(run, first=date(2026, 12, 25)).slots == []


def test_days_are_those_of_the_clinics_zone_in_the_answer_too(run: Runtime) -> None:
    answer = found(run)
    assert answer.zone.key == "America/Chicago"
    assert {slot.start.astimezone(answer.zone).date() for slot in answer.slots} == {THURSDAY}
    assert answer.minutes == 30


@pytest.mark.parametrize(
    "wish",
    [
        Wish("massage", Mode.TELEMEDICINE),
        Wish("limited", Mode.IN_PERSON),
        Wish("follow-up", Mode.TELEMEDICINE, "nobody"),
        Wish("follow-up", Mode.IN_PERSON, location="nowhere"),
    ],
)
def test_what_the_clinic_does_not_have_is_refused(run: Runtime, wish: Wish) -> None:
    with pytest.raises(Invalid):
        found(run, wish)


@given(
    st.lists(
        st.tuples(st.sampled_from(["one", "two"]), st.integers(0, 30), st.booleans()), max_size=5, unique=True
    )
)
@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_exactly_the_offered_times_can_be_booked(run: Runtime, wanted: list[tuple[str, int, bool]]) -> None:
    """Whoever asks for a free time gets it; whoever asks for another one is refused."""
    for practitioner, quarter, padded in wanted:
        start = at(8, 9) + timedelta(minutes=15 * quarter)
        kind = "buffered" if padded else "follow-up"
        offer = found(run, Wish(kind, Mode.TELEMEDICINE, practitioner), start.date())
        asked = request(start, _somebody(), visit_type=kind, practitioner=practitioner)
        if start in {slot.start for slot in offer.slots}:
            assert book(run.desk, asked).visit.start == start
        else:
            with pytest.raises(SlotTaken):
                book(run.desk, asked)


NUMBERS = iter(range(100, 10_000))


def _somebody() -> int:
    return next(NUMBERS)


def test_the_tests_stand_on_a_tuesday_morning() -> None:
    assert datetime(2026, 12, 1, 12, tzinfo=UTC) == NOW
    assert NOW.astimezone(CENTRAL).strftime("%A %H") == "Tuesday 06"
