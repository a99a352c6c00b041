"""What repeats: a name, how often, and the use case. Rows decide whose turn it is, not a leader."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from scheduler.db.models import TimetableEntry
from scheduler.services import idempotency


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    every: timedelta
    work: Callable[[Session, datetime], object]


JOBS = (Job("forget-idempotency-keys", timedelta(hours=1), idempotency.forget),)


def run_due(session: Session, now: datetime) -> list[str]:
    """Do the jobs whose time has come, in this transaction; their names."""
    return [job.name for job in JOBS if _is_due(session, job, now) and _do(session, job, now)]


def _is_due(session: Session, job: Job, now: datetime) -> bool:
    """Whether it is our turn: whoever moves the row's time forward does the work."""
    session.execute(upsert(TimetableEntry).values(job=job.name, next_run=now).on_conflict_do_nothing())
    turn = (
        update(TimetableEntry)
        .where(TimetableEntry.job == job.name, TimetableEntry.next_run <= now)
        .values(next_run=now + job.every)
        .returning(TimetableEntry.job)
    )
    return session.execute(turn).first() is not None


def _do(session: Session, job: Job, now: datetime) -> bool:
    job.work(session, now)
    return True
