"""A day as rows of five minutes: where each visit lies, what is open, where now is."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from scheduler.domain.clinic import GRID_MINUTES
from scheduler.domain.times import DAY, Stretch, day_span
from scheduler.domain.visits import HOLDS_TIME
from scheduler.services.staff.day_plan import Column, DayPlan
from scheduler.services.visits.for_staff import StaffVisit

ROW = timedelta(minutes=GRID_MINUTES)
HOUR_ROWS = 60 // GRID_MINUTES
MOST_ROWS = 25 * HOUR_ROWS
"""Of the day in autumn that has an hour more: `static/grid.css` has a class for each."""
OFFICE = (8, 17)
"""Hours that are shown of a day on which nobody works."""


@dataclass(frozen=True, slots=True)
class Span:
    """So many rows, from one on."""

    row: int
    rows: int


@dataclass(frozen=True, slots=True)
class Block:
    visit: StaffVisit
    at: Span


@dataclass(frozen=True, slots=True)
class GridColumn:
    name: str
    open: Sequence[Span]
    away: Sequence[Span]
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class Grid:
    hours: Sequence[tuple[int, datetime]]
    """The row and the instant of each full hour."""
    rows: int
    now: int | None
    """The row of this moment, on the day itself."""
    begins: datetime
    columns: Sequence[GridColumn]


def lay_out(plan: DayPlan) -> Grid:
    first, last = _frame(plan)
    rows = (last - first) // ROW

    def spans(stretches: Iterable[Stretch]) -> Iterator[Span]:
        for start, end in stretches:
            row, stop = max((start - first) // ROW, 0), min(-((first - end) // ROW), rows)
            if stop > row:
                yield Span(row + 1, stop - row)

    def column(each: Column) -> GridColumn:
        shown = [visit for visit in each.visits if visit.status in HOLDS_TIME]
        blocks = [Block(visit, span) for visit in shown for span in spans([(visit.start, visit.end)])]
        return GridColumn(each.practitioner.name, [*spans(each.hours)], [*spans(each.away)], blocks)

    hours = [(index * HOUR_ROWS + 1, first + index * HOUR_ROWS * ROW) for index in range(rows // HOUR_ROWS)]
    now = (plan.now - first) // ROW + 1 if first <= plan.now < last else None
    return Grid(
        hours=[(row, at.astimezone(plan.zone)) for row, at in hours],
        rows=rows,
        now=now,
        begins=first,
        columns=[column(each) for each in plan.columns],
    )


def _frame(plan: DayPlan) -> Stretch:
    """From the full hour before the first thing to the one after the last, within the day."""
    begins, ends = day_span(plan.day, plan.day, plan.zone)
    things = [
        *(stretch for column in plan.columns for stretch in column.hours),
        *((visit.start, visit.end) for visit in plan.visits if visit.status in HOLDS_TIME),
    ]
    first = min((start for start, _ in things), default=_clock(plan.day, OFFICE[0], plan.zone))
    last = max((end for _, end in things), default=_clock(plan.day, OFFICE[1], plan.zone))
    hour = timedelta(hours=1)
    first = begins + (first - begins) // hour * hour
    last = begins - (begins - last) // hour * hour
    return max(first, begins), min(last, max(ends, begins + hour))


def _clock(day: date, hour: int, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=zone)


def week_of(day: date) -> list[date]:
    monday = day - day.weekday() * DAY
    return [monday + number * DAY for number in range(7)]
