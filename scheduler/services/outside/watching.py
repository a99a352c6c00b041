"""A source that is silent for long: somebody has to look, its practitioner may be busy elsewhere."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, exists, func, select, update
from sqlalchemy.orm import Session

from scheduler.db.models import BusyTime, OutsideCalendar, Task, Visit
from scheduler.domain.actors import SYSTEM
from scheduler.domain.tasks import TaskKind
from scheduler.domain.visits import EXPECTED
from scheduler.services.tasks.opening import open_task

SILENT = timedelta(hours=6)
"""Two dozen tries, or a night in which somebody else's server is mended."""

SINCE: ColumnElement[datetime] = func.coalesce(OutsideCalendar.fetched_at, OutsideCalendar.created_at)


def watch(session: Session, now: datetime) -> int:
    """Open a task for each source that fell silent, and close those of sources that speak again; how many."""
    silent = _silent_without_task(session, now)
    for cause in silent:
        open_task(session, TaskKind.CALENDAR_SILENT, None, cause, now, now)
    return len(silent) + _close_answered(session, now)


def _cause() -> ColumnElement[str]:
    return func.concat("outside-calendar:", OutsideCalendar.id)


def _open_tasks() -> tuple[ColumnElement[bool], ...]:
    return Task.kind == TaskKind.CALENDAR_SILENT, Task.done_at.is_(None), Task.cause == _cause()


def _silent_without_task(session: Session, now: datetime) -> Sequence[str]:
    """Each source is locked: of two who look at the same time one opens the task."""
    silent = (
        select(_cause())
        .where(now - SILENT > SINCE, ~exists().where(*_open_tasks()))
        .with_for_update(of=OutsideCalendar, skip_locked=True)
    )
    return session.scalars(silent).all()


def _close_answered(session: Session, now: datetime) -> int:
    """Where the calendar was taken away there is nothing left to look at either."""
    still_silent = exists().where(Task.cause == _cause(), now - SILENT > SINCE)
    over = update(Task).where(
        Task.kind == TaskKind.CALENDAR_SILENT, Task.done_at.is_(None), ~still_silent.correlate(Task)
    )
    done = session.execute(over.values(done_at=now, done_by=str(SYSTEM)))
    return done.rowcount  # type: ignore[attr-defined, no-any-return]


def close_settled(session: Session, now: datetime) -> int:
    """Close the tasks of visits over which that calendar's busy time does not lie any more; how many.

    The visit moved, ended or is cancelled, or the other calendar says otherwise by now, or is gone.
    """
    meets = (
        select(Visit.id)
        .join(BusyTime, BusyTime.resource_id == Visit.practitioner_id)
        .where(Visit.id == Task.visit_id, Visit.status.in_(EXPECTED), Visit.ends_at > now)
        .where(BusyTime.during.op("&&")(func.tstzrange(Visit.starts_at, Visit.ends_at)))
        .where(Task.cause == func.concat("outside-calendar:", BusyTime.calendar_id))
    )
    settled = update(Task).where(
        Task.kind == TaskKind.BUSY_OVER_VISIT, Task.done_at.is_(None), ~meets.correlate(Task).exists()
    )
    done = session.execute(settled.values(done_at=now, done_by=str(SYSTEM)))
    return done.rowcount  # type: ignore[attr-defined, no-any-return]


def ages(connection: Connection, now: datetime) -> dict[str, float]:
    """By practitioner: seconds since the most silent of their sources last gave a calendar."""
    oldest = select(OutsideCalendar.practitioner, func.min(SINCE)).group_by(OutsideCalendar.practitioner)
    return {who: (now - since).total_seconds() for who, since in connection.execute(oldest)}
