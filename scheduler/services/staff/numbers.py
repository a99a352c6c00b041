"""The numbers of a week: counts and rates, nothing about anybody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from scheduler.db.models import Message, Visit
from scheduler.domain.times import DAY
from scheduler.domain.visits import VisitStatus

WEEK = 7 * DAY
WEEKS = 8
"""How many weeks a rate is followed back."""
ZONES_APART = timedelta(hours=14)

CAME = (VisitStatus.ARRIVED, VisitStatus.CHECKED_IN, VisitStatus.FULFILLED)
NEVER_WERE = (VisitStatus.CANCELLED, VisitStatus.ENTERED_IN_ERROR)

LEADS = (1, 3, 7, 14, 30)
"""Days between booking and visit, as bounds of what is counted together."""


@dataclass(frozen=True, slots=True)
class NoShows:
    """Of those whose visit was to take place: who came, and who did not."""

    week: date
    came: int
    missed: int

    @property
    def rate(self) -> float | None:
        """None where nobody was to come."""
        everybody = self.came + self.missed
        return self.missed / everybody if everybody else None


@dataclass(frozen=True, slots=True)
class Numbers:
    first: date
    """The Monday."""
    visits: Mapping[tuple[str, str], int]
    """By mode and status; each visit by the local date where it takes place."""
    no_shows: Sequence[NoShows]
    """Of this week and of those before it, the oldest first."""
    lead: Sequence[int]
    """Visits by days from booking to start: up to each bound of LEADS, and beyond; without cancelled ones."""
    median_lead: timedelta | None
    messages: Mapping[tuple[str, str], int]
    """By channel and state; of those about the visits of the week."""


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def numbers_of_week(session: Session, first: date) -> Numbers:
    """Of the week that begins on that Monday."""
    lead, median = _lead(session, first)
    return Numbers(
        first=first,
        visits=_visits(session, first),
        no_shows=_no_shows(session, first),
        lead=lead,
        median_lead=median,
        messages=_messages(session, first),
    )


def _between(first: date, end: date) -> tuple[ColumnElement[bool], ...]:
    """By local dates; the same once more, roughly, because the index is on instants."""
    begins, ends = datetime.combine(first, time.min), datetime.combine(end, time.min)
    return (
        Visit.start_wall >= begins,
        Visit.start_wall < ends,
        Visit.starts_at >= begins.replace(tzinfo=UTC) - ZONES_APART,
        Visit.starts_at < ends.replace(tzinfo=UTC) + ZONES_APART,
    )


def _visits(session: Session, first: date) -> dict[tuple[str, str], int]:
    counted = select(Visit.mode, Visit.status, func.count()).where(*_between(first, first + WEEK))
    rows = session.execute(counted.group_by(Visit.mode, Visit.status))
    return {(mode, status): number for mode, status, number in rows}


def _no_shows(session: Session, first: date) -> list[NoShows]:
    week = func.date_trunc("week", Visit.start_wall)
    oldest = first - (WEEKS - 1) * WEEK
    rows = session.execute(
        select(
            week,
            func.count().filter(Visit.status.in_(CAME)),
            func.count().filter(Visit.status == VisitStatus.NOSHOW),
        )
        .where(*_between(oldest, first + WEEK))
        .group_by(week)
    )
    found = {monday.date(): (came, missed) for monday, came, missed in rows}
    weeks = (oldest + number * WEEK for number in range(WEEKS))
    return [NoShows(each, *found.get(each, (0, 0))) for each in weeks]


def _lead(session: Session, first: date) -> tuple[list[int], timedelta | None]:
    ahead = Visit.starts_at - Visit.created_at
    group = case(*((ahead <= days * DAY, index) for index, days in enumerate(LEADS)), else_=len(LEADS))
    of_these = (*_between(first, first + WEEK), Visit.status.not_in(NEVER_WERE))
    rows = session.execute(select(group, func.count()).where(*of_these).group_by(group))
    found: dict[int, int] = {row[0]: row[1] for row in rows}
    median = select(func.percentile_cont(0.5).within_group(ahead)).where(*of_these)
    middle: timedelta | None = session.execute(median).scalar_one()
    return [found.get(index, 0) for index in range(len(LEADS) + 1)], middle


def _messages(session: Session, first: date) -> dict[tuple[str, str], int]:
    counted = (
        select(Message.channel, Message.state, func.count())
        .join(Visit, Visit.id == Message.visit_id)
        .where(*_between(first, first + WEEK))
        .group_by(Message.channel, Message.state)
    )
    return {(channel, state): number for channel, state, number in session.execute(counted)}
