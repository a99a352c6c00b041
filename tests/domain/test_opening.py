"""By when a request is answered: opening hours counted as somebody would on a calendar."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.domain.clinic import Clinic, Hours
from scheduler.domain.opening import after_opening, answer_by, halfway, merged, open_stretches
from scheduler.domain.times import DAY
from tests.domain.example import CHICAGO, EVERY_DAY, clinic, hours, location, practitioner, visit_type
from tests.domain.naive import opening

WEEKDAYS = frozenset(range(5))
HOUR = timedelta(hours=1)
STEP = timedelta(minutes=5)
CHRISTMAS = date(2026, 12, 25)
ZONES = (
    "America/Chicago",
    "America/Los_Angeles",
    "Asia/Kathmandu",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
)

OFFICE = clinic(practitioner("one", hours(days=WEEKDAYS)), holidays={CHRISTMAS})
"""Monday to Friday, 9 to 5, in Chicago."""


def central(day: int, hour: int, minute: int = 0, month: int = 12) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=CHICAGO)


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        (central(1, 9), central(2, 17)),
        (central(1, 6), central(2, 17)),  # before they open
        (central(1, 16), central(3, 16)),
        (central(1, 20), central(3, 17)),  # after they closed
        (central(4, 12), central(8, 12)),  # over a weekend
        (central(24, 12), central(29, 12)),  # over Christmas and a weekend
    ],
)
def test_sixteen_hours_are_two_days_of_eight(since: datetime, expected: datetime) -> None:
    assert after_opening(OFFICE, since, 16 * HOUR) == expected


def test_two_who_work_at_the_same_time_open_the_clinic_once() -> None:
    early = practitioner("early", hours(time(8), time(12)))
    late = practitioner("late", hours(time(10), time(14)))
    assert after_opening(clinic(early, late), central(1, 0), 7 * HOUR) == central(2, 9)


def test_hours_count_in_the_zone_in_which_they_are_kept() -> None:
    pacific = ZoneInfo("America/Los_Angeles")
    west = practitioner("west", hours(location="west"))
    both = clinic(practitioner("one"), west, locations=(location(), location("west", zone=pacific)))
    assert after_opening(both, central(1, 0), 10 * HOUR) == central(1, 19)


def test_on_the_day_on_which_the_clock_goes_back_a_night_has_an_hour_more() -> None:
    nights = clinic(practitioner("one", hours(time(0), time(4))))
    assert after_opening(nights, central(1, 0, month=11), 5 * HOUR) == central(1, 4, month=11)


def test_hours_begin_and_end_on_their_dates() -> None:
    ended = practitioner("ended", hours(until=date(2026, 12, 1)))
    to_come = practitioner("to-come", hours(valid_from=date(2026, 12, 10)))
    assert after_opening(clinic(ended, to_come), central(1, 9), 9 * HOUR) == central(10, 10)
    gone = practitioner("gone", until=date(2026, 12, 1))
    assert after_opening(clinic(gone), central(1, 9), 9 * HOUR) is None


def test_a_long_closure_is_waited_for() -> None:
    closed = {date(2026, 12, 1) + DAY * n for n in range(45)}
    away = clinic(practitioner("one"), holidays=closed)
    assert after_opening(away, central(1, 9), HOUR) == datetime(2027, 1, 15, 10, tzinfo=CHICAGO)


def test_the_answer_comes_before_the_notice_of_the_visit_at_the_latest() -> None:
    kind = visit_type(notice=240)
    assert answer_by(OFFICE, kind, central(14, 12), central(1, 9)) == central(2, 17)
    assert answer_by(OFFICE, kind, central(2, 12), central(1, 9)) == central(2, 8)


def test_a_request_at_the_last_moment_can_be_answered_until_the_visit_begins() -> None:
    kind = visit_type(notice=240)
    assert answer_by(OFFICE, kind, central(1, 13), central(1, 9)) == central(1, 13)


def test_where_nobody_ever_works_only_the_notice_counts() -> None:
    never = clinic(practitioner("one", hours(until=date(2020, 1, 1))))
    assert answer_by(never, visit_type(notice=60), central(14, 12), central(1, 9)) == central(14, 11)


INSTANTS = st.integers(0, 60 * 24 * 12).map(lambda n: datetime(2026, 10, 20, tzinfo=UTC) + STEP * n)
CLOCKS = st.integers(0, 24 * 12 - 1).map(lambda n: time(n // 12, n % 12 * 5))


@st.composite
def shifts(draw: st.DrawFn) -> Hours:
    opens, closes = sorted(draw(st.lists(CLOCKS, min_size=2, max_size=2, unique=True)))
    days = draw(st.frozensets(st.sampled_from(sorted(EVERY_DAY)), min_size=1))
    place = draw(st.sampled_from(["z0", "z1", "z2"]))
    return hours(opens, draw(st.sampled_from([closes, time.max])), days=days, location=place)


@st.composite
def clinics(draw: st.DrawFn) -> Clinic:
    zones = draw(st.lists(st.sampled_from(ZONES), min_size=3, max_size=3))
    own = draw(st.lists(st.lists(shifts(), min_size=1, max_size=3), min_size=1, max_size=3))
    return clinic(
        *(practitioner(f"p{n}", *each) for n, each in enumerate(own)),
        locations=tuple(location(f"z{n}", zone=ZoneInfo(key)) for n, key in enumerate(zones)),
        holidays=draw(st.frozensets(st.dates(date(2026, 10, 20), date(2026, 12, 31)), max_size=10)),
    )


def is_open(of: Clinic, at: datetime) -> bool:
    """Whether anybody works then, by the clock on their wall."""
    for who in of.practitioners:
        for each in who.hours:
            place = of.location(each.location or "")
            assert place
            day = at.astimezone(place.timezone).date()
            opens, closes = opening(each, day, place.timezone)
            if day.weekday() in each.days and day not in of.holidays and opens <= at < closes:
                return True
    return False


@settings(max_examples=60, deadline=None)
@given(clinics(), INSTANTS, st.integers(1, 60))
def test_exactly_so_much_is_open_until_then_and_the_last_of_it_just_before(
    of: Clinic, since: datetime, steps: int
) -> None:
    found = after_opening(of, since, STEP * steps)
    assert found
    count, at = 0, since
    while at < found:
        count, at = count + is_open(of, at), at + STEP
    assert count == steps
    assert is_open(of, found - STEP)


@settings(max_examples=60, deadline=None)
@given(clinics(), INSTANTS, st.integers(1, 40), st.integers(1, 40))
def test_waiting_in_two_parts_is_waiting_in_one(of: Clinic, since: datetime, one: int, other: int) -> None:
    halfway = after_opening(of, since, STEP * one)
    assert halfway
    assert after_opening(of, halfway, STEP * other) == after_opening(of, since, STEP * (one + other))


@settings(max_examples=60, deadline=None)
@given(clinics(), st.dates(date(2026, 10, 20), date(2026, 12, 1)))
def test_stretches_ascend_and_do_not_touch(of: Clinic, first: date) -> None:
    found = list(open_stretches(of, first, first + 9 * DAY))
    edges = [edge for stretch in found for edge in stretch]
    assert edges == sorted(set(edges))


@given(st.lists(st.tuples(INSTANTS, INSTANTS), max_size=8))
def test_a_union_covers_what_its_parts_cover(parts: list[tuple[datetime, datetime]]) -> None:
    union = list(merged(parts))
    for edge in {edge for part in parts for edge in part}:
        for at in (edge - STEP, edge, edge + STEP):
            covered = any(begins <= at < ends for begins, ends in parts)
            assert any(begins <= at < ends for begins, ends in union) == covered


@pytest.mark.parametrize(
    ("since", "until", "half"),
    [
        (central(1, 6), central(2, 17), central(1, 17)),
        (central(1, 10), central(1, 14), central(1, 12)),
        (central(4, 16), central(7, 10), central(4, 17)),  # an hour before the weekend, and one after it
        (central(5, 10), central(5, 14), central(5, 12)),  # on a Saturday, when nobody is there
        (central(1, 9), central(1, 9, 5), central(1, 9, 2) + timedelta(seconds=30)),
    ],
)
def test_half_way_is_told_in_opening_hours(since: datetime, until: datetime, half: datetime) -> None:
    assert halfway(OFFICE, since, until) == half
