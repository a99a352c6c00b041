"""Visits that are booked and that the clinic, as its file has it now, would no longer offer."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, select, update
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import Session

from scheduler.db.models import ExtraHours, Task, Visit
from scheduler.domain.actors import SYSTEM
from scheduler.domain.bits import Window
from scheduler.domain.clinic import GRID_MINUTES, Clinic, Mode
from scheduler.domain.schedule import Schedule
from scheduler.domain.tasks import TaskKind
from scheduler.domain.times import local_date
from scheduler.domain.visits import EXPECTED
from scheduler.services.tasks.opening import open_task

CAUSE = "clinic-file"
IN_EXTRA_HOURS: ColumnElement[bool] = exists().where(
    ExtraHours.resource_id == Visit.practitioner_id,
    ExtraHours.during.op("@>")(func.tstzrange(Visit.starts_at, Visit.ends_at)),
    ExtraHours.modes.contains(array([Visit.mode])),
    (Visit.mode == Mode.TELEMEDICINE) | (ExtraHours.location == Visit.location),
)
"""Whether staff opened that time besides the weekly hours."""


def follow_up(session: Session, clinic: Clinic, now: datetime) -> list[str]:
    """Give staff a task for each of them, and take back those for visits that fit again; a line for each."""
    misfits = list(_misfits(session, clinic, now))
    _close_others(session, misfits, now)
    for visit in misfits:
        open_task(session, TaskKind.MISFIT, visit.id, CAUSE, visit.starts_at, now)
    return [_line(visit) for visit in misfits]


def _misfits(session: Session, clinic: Clinic, now: datetime) -> Iterator[Visit]:
    """By their start."""
    ahead = select(Visit, IN_EXTRA_HOURS).where(Visit.starts_at > now, Visit.status.in_(EXPECTED))
    for visit, extra in session.execute(ahead.order_by(Visit.starts_at)):
        if not _fits(clinic, visit, extra):
            yield visit


def _fits(clinic: Clinic, visit: Visit, extra: bool) -> bool:
    """With the minutes of its booking, and wherever on the step it begins."""
    kind, mode = clinic.visit_type(visit.visit_type), Mode(visit.mode)
    if kind is None or mode not in kind.modes:
        return False
    own = replace(kind, minutes=visit.minutes, step=GRID_MINUTES)
    schedule = Schedule(replace(clinic, visit_types=(own,)))
    day = local_date(visit.starts_at, clinic.timezone)
    window = Window(day, day)
    return any(
        (extra and day <= (chair.practitioner.until or day))
        or schedule.offered(kind.code, own.minutes, mode, chair.practitioner.code, chair.place, day, day)
        >> window.floor(visit.starts_at)
        & 1
        for chair in schedule.chairs(own, mode, visit.practitioner, visit.location)
    )


def _close_others(session: Session, misfits: Sequence[Visit], now: datetime) -> None:
    """Tasks of an earlier file that this one settles."""
    mine = Task.kind == TaskKind.MISFIT, Task.cause == CAUSE, Task.done_at.is_(None)
    settled = Task.visit_id.not_in([visit.id for visit in misfits])
    session.execute(update(Task).where(*mine, settled).values(done_at=now, done_by=str(SYSTEM)))


def _line(visit: Visit) -> str:
    return f"visit {visit.id}: {visit.start_wall:%Y-%m-%d %H:%M} {visit.zone} with {visit.practitioner}"
