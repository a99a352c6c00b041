"""Free times: what is offered, less what is taken. The last test compares them with a patient reader's."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheduler.domain.clinic import Clinic, Hours, Location, Mode, Practitioner, VisitType
from scheduler.domain.schedule import Schedule
from scheduler.domain.slots import FreeTimes, Search, Taken, free_times, horizon, room_key
from scheduler.domain.times import day_span, local_date
from tests.domain.example import (
    BOTH,
    CHICAGO,
    clinic,
    hours,
    location,
    minutes,
    practitioner,
    search,
    visit_type,
)
from tests.domain.naive import Naive

MONDAY = date(2027, 5, 3)
NINE = datetime(2027, 5, 3, 14, tzinfo=UTC)
MORNING = hours(time(9), time(11))


def walls(free: FreeTimes) -> list[str]:
    return [f"{slot.start.astimezone(CHICAGO):%H:%M}" for slot in free.slots()]


def free(of: Clinic, taken: Taken, kind: VisitType | None = None, **more: Any) -> FreeTimes:
    return free_times(Schedule(of), search(kind or of.visit_types[0], MONDAY, **more), taken)


def busy(start: int, end: int) -> tuple[datetime, datetime]:
    """So many minutes after nine."""
    return NINE + minutes(start), NINE + minutes(end)


def test_a_taken_half_hour_leaves_the_times_around_it() -> None:
    of = clinic(practitioner("one", MORNING))
    assert walls(free(of, Taken({"one": [busy(30, 60)]}))) == ["09:00", "10:00", "10:15", "10:30"]


def test_buffers_keep_their_distance_from_what_is_taken_on_both_sides() -> None:
    padded = visit_type(buffer_before=15, buffer_after=30)
    of = clinic(practitioner("one", hours(time(9), time(12))), visit_types=(padded,))
    assert walls(free(of, Taken({"one": [busy(60, 90)]}))) == ["09:00", "10:45", "11:00", "11:15", "11:30"]


def test_a_single_minute_that_is_taken_takes_the_visit_around_it() -> None:
    of = clinic(practitioner("one", MORNING))
    assert walls(free(of, Taken({"one": [busy(37, 38)]}))) == ["09:00", "09:45", "10:00", "10:15", "10:30"]


def test_what_one_has_taken_leaves_the_other_free() -> None:
    of = clinic(practitioner("one", MORNING), practitioner("two", MORNING))
    found = free(of, Taken({"one": [busy(0, 120)]})).slots()
    assert {tuple(slot.practitioners) for slot in found} == {("two",)}


def test_a_visit_in_person_needs_one_free_room() -> None:
    of = clinic(practitioner("one", MORNING), locations=(location(rooms=2),))
    one = {room_key(of.locations[0], "r1"): [busy(0, 120)]}
    both = {**one, room_key(of.locations[0], "r2"): [busy(30, 60)]}
    assert len(free(of, Taken(one), mode=Mode.IN_PERSON).slots()) == 7
    assert walls(free(of, Taken(both), mode=Mode.IN_PERSON)) == ["09:00", "10:00", "10:15", "10:30"]


def test_two_half_free_rooms_are_no_free_room() -> None:
    of = clinic(practitioner("one", hours(time(9), time(9, 30))), locations=(location(rooms=2),))
    halves = {
        room_key(of.locations[0], "r1"): [busy(0, 15)],
        room_key(of.locations[0], "r2"): [busy(15, 30)],
    }
    assert walls(free(of, Taken(halves), mode=Mode.IN_PERSON)) == []


def test_a_place_without_rooms_gives_only_visits_that_need_none() -> None:
    of = clinic(
        practitioner("one", MORNING),
        locations=(location(rooms=0),),
        visit_types=(visit_type(), visit_type("walk", room=False)),
    )
    assert not free(of, Taken(), mode=Mode.IN_PERSON)
    assert free(of, Taken(), of.visit_types[1], mode=Mode.IN_PERSON)


def test_a_full_waiting_room_does_not_stop_video_visits() -> None:
    of = clinic(practitioner("one", MORNING))
    assert len(free(of, Taken({"main/r1": [busy(0, 120)]})).slots()) == 7


def test_a_day_on_which_the_limit_is_reached_offers_nothing_more() -> None:
    limited = visit_type(daily_limit=2)
    of = clinic(practitioner("one", MORNING), practitioner("two", MORNING), visit_types=(limited,))
    counts = {("one", MONDAY): 2, ("two", MONDAY): 1, ("two", MONDAY + timedelta(days=1)): 9}
    found = free(of, Taken(counts=counts)).slots()
    assert {tuple(slot.practitioners) for slot in found} == {("two",)}


def test_the_first_free_time_is_the_earliest_of_all() -> None:
    of = clinic(practitioner("one", MORNING), practitioner("two", hours(time(10), time(11))))
    assert free(of, Taken({"one": [busy(0, 75)]})).first() == NINE + minutes(60)
    assert free(of, Taken({"one": [busy(0, 120)], "two": [busy(0, 120)]})).first() is None


def test_one_start_in_two_places_is_two_entries() -> None:
    of = clinic(
        practitioner("one", hours(time(9), time(9, 30))),
        practitioner("two", hours(time(9), time(9, 30), location="east")),
        locations=(location(), location("east")),
    )
    found = free(of, Taken(), mode=Mode.IN_PERSON).slots()
    assert [(slot.start, slot.location, *slot.practitioners) for slot in found] == [
        (NINE, "main", "one"),
        (NINE, "east", "two"),
    ]


def test_those_who_are_free_at_a_start_are_named_and_nobody_between_two_starts() -> None:
    of = clinic(practitioner("one", MORNING), practitioner("two", MORNING))
    found = free(of, Taken({"two": [busy(0, 30)]}))
    assert [chair.practitioner.code for chair in found.chairs_at(NINE)] == ["one"]
    assert [chair.practitioner.code for chair in found.chairs_at(NINE + minutes(30))] == ["one", "two"]
    for off in (
        timedelta(seconds=1),
        minutes(5),
        timedelta(microseconds=1),
        timedelta(days=400),
        -minutes(99),
    ):
        assert found.chairs_at(NINE + off) == []


def test_notice_and_horizon_count_from_now() -> None:
    kind = visit_type(notice=60, horizon_days=2)
    assert horizon(kind, NINE) == (NINE + minutes(60), NINE + timedelta(days=2))


ZONES = [
    ZoneInfo(key)
    for key in (
        *("America/Chicago", "America/New_York", "America/Los_Angeles", "America/Phoenix"),
        *("America/Santiago", "Europe/Berlin", "Asia/Kolkata"),
    )
]
HOWE = ZoneInfo("Australia/Lord_Howe")
DAYS = [
    date(2027, 5, 3),
    date(2027, 3, 14),
    date(2027, 11, 7),
    date(2027, 3, 28),
    date(2027, 10, 31),
    date(2027, 9, 5),
    date(2028, 2, 29),
]
GRID = st.integers(0, 287).map(lambda n: time(n // 12, n % 12 * 5))


def some_minutes(low: int, high: int) -> st.SearchStrategy[int]:
    return st.integers(low // 5, high // 5).map(lambda n: n * 5)


@st.composite
def some_hours(draw: st.DrawFn, places: list[str]) -> Hours:
    opens, closes = sorted(draw(st.lists(GRID, min_size=2, max_size=2, unique=True)))
    modes = draw(st.sampled_from([BOTH, frozenset({Mode.TELEMEDICINE})]))
    return hours(
        opens,
        draw(st.sampled_from([closes, time.max])),
        days=draw(st.sampled_from([frozenset(range(7)), frozenset({0, 6}), frozenset({5})])),
        modes=modes,
        location=draw(st.sampled_from(places))
        if Mode.IN_PERSON in modes
        else draw(st.none() | st.just("main")),
        valid_from=draw(st.none() | st.sampled_from(DAYS)),
        until=draw(st.none() | st.sampled_from(DAYS)),
    )


@st.composite
def some_practitioner(draw: st.DrawFn, code: str, zones: list[ZoneInfo], places: list[str]) -> Practitioner:
    when = draw(st.lists(some_hours(places), min_size=1, max_size=3))
    until = draw(st.none() | st.sampled_from(DAYS))
    return practitioner(code, *when, zone=draw(st.sampled_from(zones)), until=until)


@st.composite
def some_visit_type(draw: st.DrawFn) -> VisitType:
    return visit_type(
        minutes=draw(some_minutes(5, 90)),
        step=draw(some_minutes(5, 60)),
        buffer_before=draw(st.just(0) | some_minutes(0, 45)),
        buffer_after=draw(st.just(0) | some_minutes(0, 45)),
        daily_limit=draw(st.none() | st.integers(1, 2)),
        practitioners=draw(st.sampled_from([frozenset[str](), frozenset({"one", "two"})])),
        room=draw(st.booleans()),
        until=draw(st.none() | st.sampled_from(DAYS)),
    )


@st.composite
def some_clinic(draw: st.DrawFn) -> Clinic:
    zones = draw(st.sampled_from([ZONES, ZONES[:3], [HOWE]]))
    places: list[Location] = [
        location(code, rooms=draw(st.integers(0, 2)), zone=draw(st.sampled_from(zones)))
        for code in ("main", "east")[: draw(st.integers(1, 2))]
    ]
    codes = [place.code for place in places]
    people = [
        draw(some_practitioner(code, zones, codes))
        for code in ("one", "two", "three")[: draw(st.integers(1, 3))]
    ]
    return clinic(
        *people,
        locations=tuple(places),
        visit_types=(draw(some_visit_type()),),
        holidays=draw(st.sets(st.sampled_from(DAYS), max_size=1)),
        zone=draw(st.sampled_from(zones)),
    )


@st.composite
def some_search(draw: st.DrawFn, of: Clinic) -> Search:
    first = draw(st.sampled_from(DAYS)) - timedelta(days=draw(st.integers(0, 1)))
    last = first + timedelta(days=draw(st.integers(0, 2)))
    start, end = day_span(first, last, of.timezone)
    within = st.integers(-60, int((end - start).total_seconds()) // 60 + 60)
    return search(
        of.visit_types[0],
        first,
        last,
        mode=draw(st.sampled_from(Mode)),
        zone=of.timezone,
        earliest=start + timedelta(minutes=draw(within), seconds=draw(st.integers(0, 1))),
        latest=end - timedelta(minutes=draw(st.just(0) | within)),
        practitioner=draw(st.none() | st.sampled_from(of.practitioners).map(lambda who: who.code)),
    )


@st.composite
def some_taken(draw: st.DrawFn, of: Clinic, asked: Search) -> Taken:
    start, end = day_span(asked.first, asked.last, asked.zone)
    length = int((end - start).total_seconds()) // 60
    keys = [who.code for who in of.practitioners]
    keys += [room_key(place, room.code) for place in of.locations for room in place.rooms]
    stretches = {}
    for key in keys:
        begins = draw(st.lists(st.integers(-120, length + 60), max_size=5))
        spans = [(start + minutes(n), start + minutes(n + draw(st.integers(1, 240)))) for n in begins]
        stretches[key] = spans
    dates = [local_date(start, asked.zone) + timedelta(days=n) for n in range(-1, 3)]
    counted = st.tuples(st.sampled_from(["one", "two"]), st.sampled_from(dates))
    return Taken(stretches, draw(st.dictionaries(counted, st.integers(1, 3), max_size=3)))


@given(st.data())
@settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_free_times_are_those_that_a_patient_reader_of_clock_and_calendar_finds(data: st.DataObject) -> None:
    of = data.draw(some_clinic())
    asked = data.draw(some_search(of))
    taken = data.draw(some_taken(of, asked))
    found = free_times(Schedule(of), asked, taken)
    naive = Naive(of, asked, taken).free()
    assert {(slot.start, slot.location): list(slot.practitioners) for slot in found.slots()} == naive
    assert [slot.start for slot in found.slots()] == sorted(start for start, _ in naive)
    assert found.first() == min((start for start, _ in naive), default=None)
    assert bool(found) is bool(naive)
    for start, place in naive:
        here = [chair for chair in found.chairs_at(start) if chair.place == place]
        assert [chair.practitioner.code for chair in here] == naive[start, place]


@pytest.mark.parametrize("day", DAYS)
def test_an_empty_clinic_day_and_a_full_one_add_up_to_what_is_offered(day: date) -> None:
    of = clinic(practitioner("one", hours(time(8), time(18))))
    asked = search(of.visit_types[0], day)
    everything = day_span(day, day, CHICAGO)
    assert len(free_times(Schedule(of), asked, Taken()).slots()) == 39
    assert not free_times(Schedule(of), asked, Taken({"one": [everything]}))
