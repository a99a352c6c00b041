"""Free times as people look for them: the first one, then days that have times, each in its halves."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby, islice
from zoneinfo import ZoneInfo

from scheduler.domain.clinic import Clinic
from scheduler.domain.slots import Slot
from scheduler.messages.moments import clock, moment
from scheduler.messages.words import WORDS

DAYS_IN_VIEW = 6
NOON = 12


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    """What the button sends: the instant, and where."""
    time: str
    place: str | None


@dataclass(frozen=True, slots=True)
class Day:
    date: date
    weekday: str
    month: str
    halves: Sequence[Sequence[Choice]]
    """Morning and afternoon; one of them may be empty."""

    @property
    def count(self) -> int:
        return sum(map(len, self.halves))


def value_of(slot: Slot) -> str:
    return f"{slot.start.isoformat()}|{slot.location or ''}"


Value = Callable[[Slot], str]


def days(
    slots: Sequence[Slot], zone: ZoneInfo, clinic: Clinic, language: str, value: Value = value_of
) -> tuple[Sequence[Day], Day | None]:
    """Those in view, and the next one that has times; days are those of `zone`, of whoever reads them.

    `value` says what the button of a time sends.
    """
    by_day = groupby(slots, lambda slot: slot.start.astimezone(zone).date())
    found = (_day(date, list(times), zone, clinic, language, value) for date, times in by_day)
    return list(islice(found, DAYS_IN_VIEW)), next(found, None)


def _day(on: date, slots: list[Slot], zone: ZoneInfo, clinic: Clinic, language: str, value: Value) -> Day:
    words = WORDS[language]
    halves: tuple[list[Choice], list[Choice]] = ([], [])
    for slot in slots:
        local, place = slot.start.astimezone(zone), clinic.location(slot.location or "")
        time = clock(slot.start, zone, language)
        several = len(clinic.locations) > 1
        halves[local.hour >= NOON].append(
            Choice(value(slot), time, place.name if place and several else None)
        )
    return Day(on, words.weekdays[on.weekday()], words.months[on.month - 1], halves)


def parsed(value: str) -> tuple[datetime, str | None] | None:
    """What a button sent; None for anything else."""
    start, _, place = value.partition("|")
    try:
        at = datetime.fromisoformat(start)
    except ValueError:
        return None
    return (at, place or None) if at.tzinfo else None


ZONES = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
    "America/Puerto_Rico",
)
"""In which a patient by video may want to read times: those in which practitioners can be licensed."""


def zone_choices(current: ZoneInfo, now: datetime, language: str) -> Iterator[tuple[str, str]]:
    keys = ZONES if current.key in ZONES else (current.key, *ZONES)
    return ((key, moment(now, ZoneInfo(key), language).zone) for key in keys)
