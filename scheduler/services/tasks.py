"""What people of the clinic have to do: opened and closed with what makes it so."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from scheduler.db.models import Task
from scheduler.domain.actors import Actor


def open_task(
    session: Session, kind: str, visit: UUID | None, cause: str, due_at: datetime, now: datetime
) -> None:
    """Give staff something to do; once, as long as the same for the same cause is still open."""
    row = {"kind": kind, "visit_id": visit, "cause": cause, "due_at": due_at, "created_at": now}
    session.execute(upsert(Task).values(row).on_conflict_do_nothing())


def open_task_once(
    session: Session, kind: str, visit: UUID, cause: str, due_at: datetime, now: datetime
) -> bool:
    """Give staff something to do that was never given before, done or not; whether it is new."""
    same = Task.kind == kind, Task.visit_id == visit, Task.cause == cause
    if session.execute(select(exists().where(*same))).scalar_one():
        return False
    open_task(session, kind, visit, cause, due_at, now)
    return True


def close_tasks(session: Session, kind: str, visit: UUID, actor: Actor, now: datetime) -> None:
    """Nothing of that kind is left to do for the visit: it was done, or has no sense any more."""
    session.execute(
        update(Task)
        .where(Task.kind == kind, Task.visit_id == visit, Task.done_at.is_(None))
        .values(done_at=now, done_by=str(actor))
    )
