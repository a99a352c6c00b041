"""The numbers of a week, as small pictures with their tables, and as a file for a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from flask import Response, request

from scheduler.api.runtime import runtime
from scheduler.domain.clinic import Mode
from scheduler.domain.scopes import Scope
from scheduler.domain.visits import VisitStatus
from scheduler.services.staff.numbers import LEADS, WEEK, Numbers, monday_of, numbers_of_week
from scheduler.web.forms import day_of
from scheduler.web.staff.days import today_of
from scheduler.web.staff.members import require, staff_pages
from scheduler.web.staff.showing import show, the_clinic

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet take a cell for more than text."""
WIDE = 100
"""Units of a picture's width."""

blueprint = staff_pages("desk_numbers", __name__)


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a bar: what it stands for, how many, from where, how wide."""

    code: str
    count: int
    x: float
    width: float


def bar(counts: Iterable[tuple[str, int]], whole: int) -> list[Part]:
    """Pieces side by side; `whole` is as wide as the picture."""
    parts, x = [], 0.0
    for code, count in counts:
        if count:
            width = round(count * WIDE / whole, 2)
            parts.append(Part(code, count, round(x, 2), width))
            x += width
    return parts


@blueprint.get("/numbers")
def show_numbers() -> Response:
    require(Scope.VISITS)
    numbers, today = _numbers()
    by_mode = {
        mode: [(status, numbers.visits.get((mode, status), 0)) for status in VisitStatus] for mode in Mode
    }
    used = [status for status in VisitStatus if any(dict(row)[status] for row in by_mode.values())]
    channels = sorted({channel for channel, _ in numbers.messages})
    states = sorted({state for _, state in numbers.messages})
    return show(
        "numbers.html",
        active="numbers",
        numbers=numbers,
        this_week=monday_of(today),
        before=numbers.first - WEEK,
        after=numbers.first + WEEK,
        used=used,
        by_mode=by_mode,
        bars={mode: bar(counts, _most(by_mode.values())) for mode, counts in by_mode.items()},
        leads=list(zip(("1", "3", "7", "14", "30", "more"), numbers.lead, strict=True)),
        most_lead=max([*numbers.lead, 1]),
        worst=max([each.rate or 0 for each in numbers.no_shows] + [0.1]),
        channels=channels,
        message_bars=_message_bars(numbers, channels, states),
        states=states,
    )


def _message_bars(numbers: Numbers, channels: Sequence[str], states: Sequence[str]) -> dict[str, list[Part]]:
    rows = {
        channel: [(state, numbers.messages.get((channel, state), 0)) for state in states]
        for channel in channels
    }
    return {channel: bar(row, _most(rows.values())) for channel, row in rows.items()}


def _most(rows: Iterable[Iterable[tuple[str, int]]]) -> int:
    return max([sum(count for _, count in row) for row in rows] + [1])


@blueprint.get("/numbers.csv")
def download() -> Response:
    """Counts and codes, nothing about anybody."""
    require(Scope.VISITS)
    numbers, _ = _numbers()
    body = as_csv(rows_of(numbers))
    answer = Response(body, content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="visits-{numbers.first}.csv"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def rows_of(numbers: Numbers) -> Iterator[tuple[object, ...]]:
    yield "week", "what", "of", "as", "count"
    for (mode, status), count in sorted(numbers.visits.items()):
        yield numbers.first, "visits", mode, status, count
    for each in numbers.no_shows:
        yield each.week, "visits", "all", "came", each.came
        yield each.week, "visits", "all", "missed", each.missed
    for bound, count in zip((*map(str, LEADS), "more"), numbers.lead, strict=True):
        yield numbers.first, "visits", "days from booking to start, up to", bound, count
    for (channel, state), count in sorted(numbers.messages.items()):
        yield numbers.first, "messages", channel, state, count


def as_csv(rows: Iterable[tuple[object, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([safe(cell) for cell in row] for row in rows)
    return text.getvalue()


def safe(cell: object) -> object:
    """A text that a spreadsheet would take for a formula is made plain."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def _numbers() -> tuple[Numbers, date]:
    run, today = runtime(), today_of(the_clinic())
    week = monday_of(day_of(request.args.get("week", "")) or today)
    with run.db.transaction() as session:
        return numbers_of_week(session, week), today
