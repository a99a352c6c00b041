"""How a message says a date, a time and a time zone."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from scheduler.messages.words import REGIONS, WORDS, Words


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant as a clock on a wall shows it, each part ready to be read."""

    date: str
    """`Tuesday, December 1, 2026`"""
    short_date: str
    """`Dec 1`"""
    time: str
    """`2:30 PM`"""
    at_time: str
    """What follows "at": `2:30 PM`, but `las 2:30 p. m.` in Spanish."""
    zone: str
    """`Central time`; with abbreviation and offset where the clock shows this time twice."""


def moment(instant: datetime, zone: ZoneInfo, language: str) -> Moment:
    """`instant` is aware; `language` a key of `WORDS`."""
    words, local = WORDS[language], instant.astimezone(zone)
    names = {
        "weekday": words.weekdays[local.weekday()],
        "day": local.day,
        "month": words.months[local.month - 1],
        "short_month": words.short_months[local.month - 1],
        "year": local.year,
    }
    return Moment(
        date=words.date.format_map(names),
        short_date=words.short_date.format_map(names),
        time=_clock(local, words),
        at_time=words.hour_articles[local.hour % 12 != 1] + _clock(local, words),
        zone=_zone_name(local, zone.key, words) + _which_of_two(local),
    )


def same_clock(instant: datetime, one: ZoneInfo, other: ZoneInfo) -> bool:
    """Whether people in both zones read the same date and time from their walls."""
    return instant.astimezone(one).replace(tzinfo=None) == instant.astimezone(other).replace(tzinfo=None)


def clock(instant: datetime, zone: ZoneInfo, language: str) -> str:
    """A moment's time alone, in a tenth of the time: some pages show hundreds."""
    return _clock(instant.astimezone(zone), WORDS[language])


def _clock(local: datetime, words: Words) -> str:
    hour, minute = local.hour % 12 or 12, local.minute
    # Some read "12:00 PM" as midnight.
    half = words.noon if (local.hour, minute) == (12, 0) else words.halves[local.hour >= 12]
    return f"{hour}:{minute:02} {half}"


def _zone_name(local: datetime, key: str, words: Words) -> str:
    if key in REGIONS:
        return words.zones[REGIONS[key]]
    area, _, rest = key.partition("/")
    if not rest or area == "Etc":
        # Not the key: the sign of `Etc/GMT+5` is the reverse of what everybody reads.
        return _offset(local)
    city = rest.rpartition("/")[2].replace("_", " ")
    return words.city_zone.format(city=words.cities.get(city, city))


def _which_of_two(local: datetime) -> str:
    """` (CDT, UTC-5)` in the hour that autumn repeats, else nothing."""
    if local.replace(fold=0).utcoffset() == local.replace(fold=1).utcoffset():
        return ""
    name, offset = local.tzname() or "", _offset(local)
    return f" ({name}, {offset})" if name.isalpha() else f" ({offset})"


def _offset(local: datetime) -> str:
    shift = local.utcoffset()
    assert shift is not None
    minutes = round(shift.total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    sign = "-" if minutes < 0 else "+"
    return "UTC" if not minutes else f"UTC{sign}{hours}" + (f":{rest:02}" if rest else "")
