"""Wall clocks and instants, on the days on which clocks are changed above all."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.domain.times import DAY, MINUTE, day_span, days, instant, local_date, local_span, wall_of

YEARS = range(2026, 2038)
US_ZONES = (
    *("America/New_York", "America/Detroit", "America/Indiana/Indianapolis", "America/Chicago"),
    *("America/Denver", "America/Boise", "America/Los_Angeles", "America/Anchorage", "America/Adak"),
)
EUROPE = ("Europe/Berlin", "Europe/London", "Europe/Lisbon", "Atlantic/Azores")
WITHOUT_CHANGES = ("America/Phoenix", "Pacific/Honolulu", "Asia/Tokyo", "Asia/Kathmandu", "UTC")
AT_MIDNIGHT = ("America/Santiago", "Asia/Beirut", "Africa/Cairo")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
NEW_YORK = ZoneInfo("America/New_York")

ALL = [ZoneInfo(key) for key in (*US_ZONES, *EUROPE, *WITHOUT_CHANGES, *AT_MIDNIGHT, LORD_HOWE.key)]


def offset(zone: ZoneInfo, day: date) -> timedelta:
    found = datetime.combine(day, time.min, zone).utcoffset()
    assert found is not None
    return found


def changes(zone: ZoneInfo, year: int) -> list[date]:
    """The local dates of a year on which the clock is changed."""
    every = days(date(year, 1, 1), date(year + 1, 1, 1))
    return [a for a, b in pairwise(every) if offset(zone, a) != offset(zone, b)]


def us_sundays(year: int) -> tuple[date, date]:
    """The second Sunday of March and the first of November, as the law has it."""
    march, november = date(year, 3, 8), date(year, 11, 1)
    return march + DAY * (6 - march.weekday()), november + DAY * (6 - november.weekday())


def us_changes() -> Iterator[tuple[ZoneInfo, date, date]]:
    for key in US_ZONES:
        for year in YEARS:
            yield ZoneInfo(key), *us_sundays(year)


def ambiguous(wall: datetime, zone: ZoneInfo) -> bool:
    """Whether a clock shows this twice."""
    once, again = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return once < again


def length(span: tuple[datetime, datetime]) -> float:
    """In hours."""
    return (span[1] - span[0]).total_seconds() / 3600


def test_american_clocks_change_on_the_sundays_that_the_law_names() -> None:
    assert all(changes(zone, spring.year) == [spring, autumn] for zone, spring, autumn in us_changes())


def test_the_night_of_spring_is_an_hour_short_and_that_of_autumn_an_hour_long() -> None:
    for zone, spring, autumn in us_changes():
        assert length(local_span(spring, time(1), time(4), zone)) == 2
        assert length(local_span(autumn, time(1), time(4), zone)) == 4
        assert length(local_span(spring - DAY, time(1), time(4), zone)) == 3
        assert length(day_span(spring, spring, zone)) == 23
        assert length(day_span(autumn, autumn, zone)) == 25


def test_a_time_that_spring_jumps_over_is_the_moment_of_the_jump() -> None:
    for zone, spring, _ in us_changes():
        three = instant(datetime.combine(spring, time(3)), zone)
        for minute in (0, 1, 30, 59):
            assert instant(datetime.combine(spring, time(2, minute)), zone) == three
        assert instant(datetime.combine(spring, time(1, 59)), zone) == three - MINUTE
        assert three.astimezone(zone).hour == 3


def test_an_hour_that_autumn_repeats_has_two_instants_and_fold_chooses() -> None:
    for zone, _, autumn in us_changes():
        once = instant(datetime.combine(autumn, time(1, 30)), zone)
        again = instant(datetime.combine(autumn, time(1, 30, fold=1)), zone)
        assert again - once == timedelta(hours=1)
        assert wall_of(once, zone) == (datetime.combine(autumn, time(1, 30)), 0)
        assert wall_of(again, zone) == (datetime.combine(autumn, time(1, 30)), 1)


def test_lord_howe_changes_its_clock_by_half_an_hour() -> None:
    for year in YEARS:
        autumn, spring = changes(LORD_HOWE, year)
        assert length(day_span(autumn, autumn, LORD_HOWE)) == 24.5
        assert length(day_span(spring, spring, LORD_HOWE)) == 23.5
        jump = instant(datetime.combine(spring, time(2, 30)), LORD_HOWE)
        assert instant(datetime.combine(spring, time(2, 10)), LORD_HOWE) == jump


@pytest.mark.parametrize("key", WITHOUT_CHANGES)
def test_where_clocks_are_never_changed_every_day_has_24_hours(key: str) -> None:
    zone = ZoneInfo(key)
    assert all(length(day_span(day, day, zone)) == 24 for day in days(date(2027, 1, 1), date(2027, 12, 31)))


@pytest.mark.parametrize("key", EUROPE)
def test_european_clocks_change_at_one_in_the_morning_utc(key: str) -> None:
    zone = ZoneInfo(key)
    for year in YEARS:
        spring, _ = changes(zone, year)
        last_sunday = date(year, 3, 31) - DAY * ((date(year, 3, 31).weekday() + 1) % 7)
        at_one = datetime.combine(last_sunday, time(1), UTC)
        before, after = (at_one + step for step in (-MINUTE, timedelta()))
        assert before.astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset()
        assert local_date(before, zone) <= spring <= local_date(after, zone)


@pytest.mark.parametrize("key", AT_MIDNIGHT)
def test_a_day_whose_midnight_does_not_exist_begins_with_the_jump(key: str) -> None:
    zone = ZoneInfo(key)
    missing = [
        day
        for day in days(date(2027, 1, 1), date(2027, 12, 31))
        if wall_of(instant(datetime.combine(day, time.min), zone), zone)[0] != datetime.combine(day, time.min)
    ]
    assert len(missing) == 1
    assert length(day_span(missing[0], missing[0], zone)) == 23
    assert day_span(missing[0], missing[0], zone)[0] == day_span(missing[0] - DAY, missing[0] - DAY, zone)[1]


def test_consecutive_days_meet_without_gap_and_without_overlap() -> None:
    for zone in ALL:
        spans = [day_span(day, day, zone) for day in days(date(2027, 1, 1), date(2027, 12, 31))]
        assert all(before[1] == after[0] for before, after in pairwise(spans))


def test_several_days_are_all_of_the_time_between_the_first_midnight_and_the_last() -> None:
    first, last = date(2027, 3, 1), date(2027, 3, 31)
    assert length(day_span(first, last, NEW_YORK)) == 31 * 24 - 1


def test_a_closing_time_of_midnight_is_the_end_of_the_day() -> None:
    _, end = local_span(date(2027, 5, 1), time(20), time.max, NEW_YORK)
    assert end == datetime(2027, 5, 2, 4, tzinfo=UTC)


def test_days_include_both_ends_and_are_none_where_the_last_lies_before_the_first() -> None:
    assert list(days(date(2028, 2, 28), date(2028, 3, 1))) == [
        date(2028, 2, 28),
        date(2028, 2, 29),
        date(2028, 3, 1),
    ]
    assert list(days(date(2028, 3, 1), date(2028, 2, 28))) == []


CHANGE_DAYS = [(zone, day) for zone in ALL for year in (2026, 2027, 2031) for day in changes(zone, year)]
PLAIN_DAYS = [(zone, date(2027, 6, 15)) for zone in ALL]
CLOCK = st.integers(0, 24 * 60 - 1).map(lambda minute: time(minute // 60, minute % 60))


def reading(day: date, opens: time, closes: time, zone: ZoneInfo) -> list[datetime]:
    """Every minute, in UTC, at which somebody who looks at the wall sees that the clinic is open."""
    noon = datetime.combine(day, time(12), UTC)
    minutes = (noon + MINUTE * n for n in range(-26 * 60, 26 * 60))
    seen = ((at, at.astimezone(zone).replace(tzinfo=None, fold=0)) for at in minutes)
    return [at for at, wall in seen if wall.date() == day and opens <= wall.time() < closes]


@given(st.sampled_from(CHANGE_DAYS + PLAIN_DAYS), CLOCK, CLOCK)
@settings(max_examples=120, deadline=None, derandomize=True)
def test_opening_hours_are_what_a_person_reads_from_the_wall_minute_by_minute(
    where: tuple[ZoneInfo, date], one: time, other: time
) -> None:
    zone, day = where
    opens, closes = sorted((one, other))
    start, end = local_span(day, opens, closes, zone)
    twice = [each for each in (opens, closes) if ambiguous(datetime.combine(day, each), zone)]
    seen = reading(day, opens, closes, zone)
    if not twice:
        assert seen == [start + MINUTE * n for n in range(int((end - start) / MINUTE))]
    elif start < end:
        assert seen[0] == start  # a repeated hour counts from its first time


@given(st.sampled_from(ALL), st.integers(0, 12 * 365 * 24 * 60))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_a_wall_clock_and_its_fold_name_one_instant_and_lead_back_to_it(zone: ZoneInfo, minute: int) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC) + MINUTE * minute
    wall, fold = wall_of(at, zone)
    assert wall.tzinfo is None
    assert instant(wall.replace(fold=fold), zone) == at


@given(st.sampled_from(CHANGE_DAYS), CLOCK, CLOCK)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_a_later_wall_clock_is_never_an_earlier_instant(
    where: tuple[ZoneInfo, date], one: time, other: time
) -> None:
    zone, day = where
    earlier, later = (datetime.combine(day, each) for each in sorted((one, other)))
    assert instant(earlier, zone) <= instant(later, zone)


def test_the_two_halves_of_a_repeated_hour_are_told_apart_only_as_instants() -> None:
    once, again = (datetime(2027, 11, 7, 1, 30, tzinfo=NEW_YORK, fold=fold) for fold in (0, 1))
    assert once == again  # why everything is compared in UTC
    assert once.astimezone(UTC) != again.astimezone(UTC)
