"""Wall clocks and instants. Everything is compared and counted in UTC; a wall clock is only a promise."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)

Stretch = tuple[datetime, datetime]
"""From one instant up to another."""


def instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """The UTC instant at which a clock in `zone` first shows `wall` (naive), or jumps over it.

    Where an hour happens twice, `wall.fold` chooses; where the clock jumps, it is the moment of the jump.
    """
    assert wall.tzinfo is None
    found = wall.replace(tzinfo=zone).astimezone(UTC)
    return found if _shows(found, wall, zone) else _jump(wall, zone)


def _shows(at: datetime, wall: datetime, zone: ZoneInfo) -> bool:
    return at.astimezone(zone).replace(tzinfo=None, fold=0) == wall.replace(fold=0)


def _jump(wall: datetime, zone: ZoneInfo) -> datetime:
    """The instant of the transition whose gap swallows `wall`, by bisection to the minute."""
    before, after = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (1, 0))
    old_offset = before.astimezone(zone).utcoffset()
    while after - before > MINUTE:
        middle = before + (after - before) // 2 // MINUTE * MINUTE
        if middle.astimezone(zone).utcoffset() == old_offset:
            before = middle
        else:
            after = middle
    return after


def local_span(day: date, opens: time, closes: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The UTC instants between which a clock in `zone` is within opening hours on that day.

    `closes` of `time.max` is the midnight at the end of the day.
    """
    end = datetime.combine(day + DAY, time.min) if closes == time.max else datetime.combine(day, closes)
    return instant(datetime.combine(day, opens), zone), instant(end, zone)


def day_span(first: date, last: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The UTC instants between the beginning of `first` and the end of `last`, local dates."""
    return local_span(first, time.min, time.max, zone)[0], local_span(last, time.min, time.max, zone)[1]


def days(first: date, last: date) -> Iterator[date]:
    """All dates from `first` to `last`, both included."""
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def local_date(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()


def wall_of(at: datetime, zone: ZoneInfo) -> tuple[datetime, int]:
    """The naive wall clock of an instant in `zone`, and its fold."""
    wall = at.astimezone(zone)
    return wall.replace(tzinfo=None, fold=0), wall.fold
