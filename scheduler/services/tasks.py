"""What people of the clinic have to do: opened and closed with what makes it so."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import update
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


def close_tasks(session: Session, kind: str, visit: UUID, actor: Actor, now: datetime) -> None:
    """Nothing of that kind is left to do for the visit: it was done, or has no sense any more."""
    session.execute(
        update(Task)
        .where(Task.kind == kind, Task.visit_id == visit, Task.done_at.is_(None))
        .values(done_at=now, done_by=str(actor))
    )
