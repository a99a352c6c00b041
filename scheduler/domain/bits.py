"""A stretch of time as one integer: a bit for each five minutes, the lowest bit the earliest.

`free = open & ~busy` is one machine operation a day, and a run of n free bits takes a few shifts.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta

from scheduler.domain.clinic import GRID_MINUTES

CELL = GRID_MINUTES * 60
"""Seconds that one bit stands for."""
DAY_CELLS = 86_400 // CELL


def span(start: int, end: int) -> int:
    """Ones from bit `start` up to, not including, bit `end`; what lies before bit 0 is cut off."""
    start = max(start, 0)
    return ((1 << (end - start)) - 1) << start if end > start else 0


def every(step: int, start: int, end: int) -> int:
    """A one at `start` and at each `step` bits after it, before bit `end`; none before bit 0."""
    start = start if start >= 0 else start % step
    count = -((start - end) // step)
    return (((1 << (step * count)) - 1) // ((1 << step) - 1)) << start if count > 0 else 0


def runs(free: int, length: int) -> int:
    """Ones where a run of `length` ones begins."""
    have = 1
    while have < length:
        step = min(have, length - have)
        free &= free >> step
        have += step
    return free


def ones(mask: int) -> Iterator[int]:
    """The positions of the ones, ascending."""
    text = f"{mask:b}"[::-1]
    at = text.find("1")
    while at >= 0:
        yield at
        at = text.find("1", at + 1)


def by_day(mask: int, size: int) -> Iterator[int]:
    """A mask of whole days, cut into days; the first bit of each is its midnight (UTC)."""
    whole = (1 << DAY_CELLS) - 1
    return (mask >> begins & whole for begins in range(0, size, DAY_CELLS))


def instant(cell: int) -> datetime:
    """When a cell begins, counted from 1970."""
    return datetime.fromtimestamp(cell * CELL, UTC)


class Window:
    """The days that a mask covers, and the way between instants and bits."""

    __slots__ = ("base", "size")

    def __init__(self, first: date, last: date) -> None:
        """A day is added at both ends, for zones and buffers."""
        start = datetime.combine(first - timedelta(days=1), time.min, UTC)
        self.base = int(start.timestamp()) // CELL
        self.size = ((last - first).days + 3) * DAY_CELLS

    def floor(self, at: datetime) -> int:
        return int(at.timestamp()) // CELL - self.base

    def ceil(self, at: datetime) -> int:
        return -int(-at.timestamp() // CELL) - self.base

    def span(self, start: datetime, end: datetime) -> int:
        """Every cell that [start, end) touches."""
        return span(self.floor(start), min(self.ceil(end), self.size))

    def taken(self, stretches: Iterable[tuple[datetime, datetime]]) -> int:
        mask = 0
        for start, end in stretches:
            mask |= self.span(start, end)
        return mask

    @property
    def everything(self) -> int:
        return (1 << self.size) - 1

    def instant(self, bit: int) -> datetime:
        """When a cell begins."""
        return instant(self.base + bit)

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        return self.instant(0), self.instant(self.size)
