"""What a text says is the instant that was promised: in every zone, in both seasons, around each change."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest

from scheduler.messages.moments import Moment, moment
from scheduler.messages.render import entry_texts
from scheduler.messages.words import WORDS
from tests.messages.conftest import IN_PERSON

SEASONS = (datetime(2027, 1, 15, 18, 30, tzinfo=UTC), datetime(2027, 7, 15, 18, 30, tzinfo=UTC))
FIRST, LAST = datetime(2026, 6, 1, tzinfo=UTC), datetime(2028, 6, 1, tzinfo=UTC)
AROUND = [
    timedelta(days=days, minutes=minutes) for days in (-1, 0, 1) for minutes in (-60, -30, -1, 0, 1, 30, 60)
]
"""Of a change: the days beside it, and that day's clock before, at and after it."""

DATES = {
    "en": re.compile(r"(?P<weekday>\w+), (?P<month>\w+) (?P<day>\d+), (?P<year>\d{4})"),
    "es": re.compile(r"(?P<weekday>\w+), (?P<day>\d+) de (?P<month>\w+) de (?P<year>\d{4})"),
}
TIME = re.compile(r"(?P<hour>\d+):(?P<minute>\d\d) (?P<half>AM|PM|noon|a\.\xa0m\.|p\.\xa0m\.|del mediodía)")
OFFSET = re.compile(r"UTC(?:(?P<sign>[+-])(?P<hours>\d+)(?::(?P<minutes>\d\d))?)?\)")


def zones() -> list[str]:
    return sorted(available_timezones())


def read(text: str, language: str) -> datetime:
    """The clock on the wall, as somebody reads it who has the text alone."""
    words, day, time = WORDS[language], DATES[language].search(text), TIME.search(text)
    assert day and time, text
    on = date(int(day["year"]), words.months.index(day["month"]) + 1, int(day["day"]))
    assert words.weekdays[on.weekday()] == day["weekday"], text
    afternoon = time["half"] in (words.halves[1], words.noon)
    hour = int(time["hour"]) % 12 + 12 * afternoon
    return datetime.combine(on, clock(hour, int(time["minute"])))


def instant_of(said: Moment, language: str, zone: ZoneInfo) -> datetime:
    """Where the clock shows this twice, the offset says which one is meant."""
    wall = read(f"{said.date} {said.time}", language).replace(tzinfo=zone)
    if offset := OFFSET.search(said.zone):
        hours, minutes = int(offset["hours"] or 0), int(offset["minutes"] or 0)
        shift = timedelta(hours=hours, minutes=minutes) * (-1 if offset["sign"] == "-" else 1)
        (wall,) = (each for each in (wall, wall.replace(fold=1)) if each.utcoffset() == shift)
    return wall.astimezone(UTC)


@cache
def changes(key: str) -> list[datetime]:
    """Instants at which the zone's clocks are changed, to the minute."""
    zone, found, step = ZoneInfo(key), [], timedelta(days=7)
    at = FIRST
    while at < LAST:
        if (at + step).astimezone(zone).utcoffset() != at.astimezone(zone).utcoffset():
            found.append(_between(at, at + step, zone))
        at += step
    return found


def _between(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    while after - before > timedelta(minutes=1):
        middle = before + timedelta(minutes=(after - before) // timedelta(minutes=2))
        if middle.astimezone(zone).utcoffset() == before.astimezone(zone).utcoffset():
            before = middle
        else:
            after = middle
    return after


def around_changes() -> Iterator[tuple[str, datetime]]:
    """Each zone's own; a zone that shares all its changes with others is looked at through one of them."""
    seen = set[tuple[object, ...]]()
    for key in zones():
        kind = tuple((at, at.astimezone(ZoneInfo(key)).utcoffset()) for at in changes(key))
        if kind and kind not in seen:
            seen.add(kind)
            yield from ((key, at + shift) for at in changes(key) for shift in AROUND)


@pytest.mark.parametrize("language", WORDS)
def test_the_text_of_an_entry_says_the_clock_of_every_zone_in_both_seasons(language: str) -> None:
    assert len(zones()) > 590
    for key in zones():
        zone = ZoneInfo(key)
        for instant in SEASONS:
            facts = replace(IN_PERSON, language=language, zone=zone, starts_at=instant)
            wall = instant.astimezone(zone).replace(tzinfo=None)
            assert read(entry_texts(facts).description, language) == wall, key


@pytest.mark.parametrize("language", WORDS)
def test_around_each_change_of_clocks_what_is_said_leads_back_to_the_instant(language: str) -> None:
    for key, instant in around_changes():
        zone = ZoneInfo(key)
        assert instant_of(moment(instant, zone, language), language, zone) == instant, (key, instant)


def test_the_changes_are_those_that_people_know() -> None:
    assert changes("America/Chicago")[:2] == [
        datetime(2026, 11, 1, 7, tzinfo=UTC),
        datetime(2027, 3, 14, 8, tzinfo=UTC),
    ]
    assert len(changes("Australia/Lord_Howe")) == 4
    assert changes("America/Phoenix") == []
    assert {"Europe/Dublin", "Africa/Casablanca"} <= {key for key in zones() if changes(key)}
