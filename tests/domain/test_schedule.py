"""When the clinic offers visits, before anything is booked."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import pytest

from scheduler.domain.clinic import Approval, Clinic, Mode
from scheduler.domain.schedule import Schedule
from scheduler.domain.slots import Search, offered_times
from tests.domain.example import (
    CHICAGO,
    NEW_YORK,
    clinic,
    hours,
    location,
    practitioner,
    search,
    visit_type,
)

MONDAY = date(2027, 5, 3)


def walls(of: Clinic, asked: Search) -> list[str]:
    """The offered starts, as the clinic's wall shows them."""
    found = offered_times(Schedule(of), asked).slots()
    return [f"{slot.start.astimezone(asked.zone):%H:%M}" for slot in found]


def count(of: Clinic, first: date, **more: Any) -> int:
    return len(offered_times(Schedule(of), search(of.visit_types[0], first, **more)).slots())


@pytest.mark.parametrize(
    ("day", "slots"),
    [(date(2027, 5, 3), 6), (date(2027, 3, 14), 4), (date(2027, 11, 7), 8)],
)
def test_a_night_clinic_in_new_york_has_fewer_times_in_spring_and_more_in_autumn(
    day: date, slots: int
) -> None:
    night = practitioner("one", hours(time(1), time(4)), zone=NEW_YORK)
    of = clinic(night, zone=NEW_YORK, visit_types=(visit_type(step=30),))
    assert count(of, day, zone=NEW_YORK) == slots


def test_no_two_offered_times_are_the_same_instant_when_clocks_change() -> None:
    night = practitioner("one", hours(time(0), time.max), zone=NEW_YORK)
    of = clinic(night, zone=NEW_YORK)
    for day in (date(2027, 3, 14), date(2027, 11, 7)):
        found = offered_times(Schedule(of), search(of.visit_types[0], day, zone=NEW_YORK)).slots()
        instants = [slot.start for slot in found]
        assert len(set(instants)) == len(instants)
        assert {b - a for a, b in pairwise(instants)} == {timedelta(minutes=15)}


def test_the_last_visit_of_the_day_ends_when_the_clinic_closes() -> None:
    of = clinic(practitioner("one", hours(time(9), time(11))), visit_types=(visit_type(minutes=45),))
    assert walls(of, search(of.visit_types[0], MONDAY)) == [
        "09:00",
        "09:15",
        "09:30",
        "09:45",
        "10:00",
        "10:15",
    ]


def test_times_follow_the_step_from_the_moment_of_opening() -> None:
    of = clinic(practitioner("one", hours(time(9, 5), time(10, 30))), visit_types=(visit_type(step=20),))
    assert walls(of, search(of.visit_types[0], MONDAY)) == ["09:05", "09:25", "09:45"]


def test_a_visit_may_lie_across_two_opening_hours_that_touch() -> None:
    of = clinic(practitioner("one", hours(time(9), time(10)), hours(time(10), time(11))))
    assert "09:45" in walls(of, search(of.visit_types[0], MONDAY))


def test_a_visit_never_reaches_into_the_lunch_break() -> None:
    of = clinic(practitioner("one", hours(time(9), time(10)), hours(time(11), time(12))))
    assert walls(of, search(of.visit_types[0], MONDAY)) == [
        "09:00",
        "09:15",
        "09:30",
        "11:00",
        "11:15",
        "11:30",
    ]


def test_a_visit_around_midnight_is_offered_where_both_days_are_open() -> None:
    of = clinic(practitioner("one", hours(time(23), time.max), hours(time(0), time(1))))
    assert walls(of, search(of.visit_types[0], MONDAY))[-1] == "23:45"


def test_buffers_may_reach_out_of_opening_hours() -> None:
    plain = clinic(visit_types=(visit_type(),))
    padded = clinic(visit_types=(visit_type(buffer_before=60, buffer_after=60),))
    assert walls(plain, search(plain.visit_types[0], MONDAY)) == walls(
        padded, search(padded.visit_types[0], MONDAY)
    )


def test_nothing_is_offered_on_a_holiday() -> None:
    of = clinic(holidays={MONDAY})
    assert count(of, MONDAY) == 0
    assert count(of, MONDAY + timedelta(days=1)) > 0


def test_hours_count_only_on_their_days_of_the_week() -> None:
    of = clinic(practitioner("one", hours(days=frozenset({0, 2}))))
    open_days = [MONDAY + timedelta(days=n) for n in range(7) if count(of, MONDAY + timedelta(days=n))]
    assert [day.weekday() for day in open_days] == [0, 2]


@pytest.mark.parametrize(
    ("more", "offered"),
    [
        ({"valid_from": MONDAY}, True),
        ({"valid_from": MONDAY + timedelta(days=1)}, False),
        ({"until": MONDAY}, True),
        ({"until": MONDAY - timedelta(days=1)}, False),
    ],
)
def test_hours_begin_and_end_with_their_dates_both_included(more: dict[str, Any], offered: bool) -> None:
    assert bool(count(clinic(practitioner("one", hours(**more))), MONDAY)) is offered


@pytest.mark.parametrize(("until", "offered"), [(MONDAY, True), (MONDAY - timedelta(days=1), False)])
def test_who_and_what_has_an_end_is_offered_up_to_that_day(until: date, offered: bool) -> None:
    in_person: dict[str, Any] = {"mode": Mode.IN_PERSON}
    assert bool(count(clinic(practitioner("one", until=until)), MONDAY)) is offered
    assert bool(count(clinic(visit_types=(visit_type(until=until),)), MONDAY)) is offered
    assert bool(count(clinic(locations=(location(until=until),)), MONDAY, **in_person)) is offered


def test_a_location_that_closes_does_not_end_the_video_visits_from_there() -> None:
    of = clinic(locations=(location(until=MONDAY - timedelta(days=1)),))
    assert count(of, MONDAY) > 0


def test_hours_are_read_from_the_clock_of_their_location() -> None:
    east = location("east", zone=NEW_YORK)
    of = clinic(practitioner("one", hours(location="east")), locations=(east,))
    assert walls(of, search(of.visit_types[0], MONDAY))[0] == "08:00"  # nine in New York


def test_hours_without_a_location_are_read_from_the_practitioners_clock() -> None:
    from_home = hours(location=None, modes=frozenset({Mode.TELEMEDICINE}))
    of = clinic(practitioner("one", from_home, zone=NEW_YORK))
    assert walls(of, search(of.visit_types[0], MONDAY))[0] == "08:00"


def test_a_visit_is_promised_in_the_zone_of_the_place_else_of_the_practitioner() -> None:
    of = clinic(practitioner("one", zone=NEW_YORK), locations=(location(zone=CHICAGO),))
    schedule, kind = Schedule(of), of.visit_types[0]
    (by_video,) = schedule.chairs(kind, Mode.TELEMEDICINE)
    (in_person,) = schedule.chairs(kind, Mode.IN_PERSON)
    assert (by_video.zone, by_video.place) == (NEW_YORK, None)
    assert (in_person.zone, in_person.place) == (CHICAGO, "main")


def test_only_those_who_give_a_visit_are_asked_for_it() -> None:
    of = clinic(
        practitioner("one"),
        practitioner("two"),
        visit_types=(visit_type(practitioners=frozenset({"two"})), visit_type("everybody")),
    )
    schedule = Schedule(of)
    assert [c.practitioner.code for c in schedule.chairs(of.visit_types[0], Mode.TELEMEDICINE)] == ["two"]
    assert [c.practitioner.code for c in schedule.chairs(of.visit_types[1], Mode.TELEMEDICINE)] == [
        "one",
        "two",
    ]
    assert schedule.chairs(of.visit_types[0], Mode.TELEMEDICINE, practitioner="one") == []


def test_somebody_who_works_in_two_places_can_be_seen_in_both() -> None:
    both = practitioner("one", hours(location="main"), hours(location="east"))
    of = clinic(both, locations=(location(), location("east")))
    schedule, kind = Schedule(of), of.visit_types[0]
    assert [chair.place for chair in schedule.chairs(kind, Mode.IN_PERSON)] == ["main", "east"]
    assert [chair.place for chair in schedule.chairs(kind, Mode.IN_PERSON, location="east")] == ["east"]


def test_hours_for_video_only_offer_nothing_in_person() -> None:
    of = clinic(
        practitioner("one", hours(modes=frozenset({Mode.TELEMEDICINE}))),
        visit_types=(visit_type(modes=dict.fromkeys(Mode, Approval.AUTO)),),
    )
    assert count(of, MONDAY) > 0
    assert count(of, MONDAY, mode=Mode.IN_PERSON) == 0


def test_nothing_is_offered_before_the_notice_and_behind_the_horizon() -> None:
    of = clinic(practitioner("one", hours(time(9), time(11))))
    nine = datetime(2027, 5, 3, 14, tzinfo=UTC)
    asked = search(
        of.visit_types[0],
        MONDAY,
        earliest=nine + timedelta(minutes=15),
        latest=nine + timedelta(minutes=60),
    )
    assert walls(of, asked) == ["09:15", "09:30", "09:45", "10:00"]


def test_a_start_one_second_before_the_notice_has_passed_is_too_early() -> None:
    of = clinic(practitioner("one", hours(time(9), time(10))))
    nine = datetime(2027, 5, 3, 14, tzinfo=UTC)
    late = search(of.visit_types[0], MONDAY, earliest=nine + timedelta(seconds=1))
    assert walls(of, late) == ["09:15", "09:30"]
    ends = search(of.visit_types[0], MONDAY, latest=nine + timedelta(minutes=15) - timedelta(seconds=1))
    assert walls(of, ends) == ["09:00"]
