"""What people of the clinic have to do: opened and closed with what makes it so."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from scheduler.db.models import Task
from scheduler.domain.actors import SYSTEM, Actor


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


def open_general_task(session: Session, kind: str, cause: str, now: datetime) -> None:
    """Give staff something to do that is of no visit; once, as long as the same is still open.

    Two at the same moment may open it twice: no index keeps tasks without a visit apart.
    """
    same = select(Task.id).where(Task.kind == kind, Task.cause == cause, Task.visit_id.is_(None))
    if session.execute(same.where(Task.done_at.is_(None))).first() is None:
        open_task(session, kind, None, cause, now, now)


def close_general_tasks(session: Session, kind: str, cause: str, now: datetime) -> None:
    """What was the matter is so no more, without anybody's doing."""
    same = Task.kind == kind, Task.cause == cause, Task.visit_id.is_(None), Task.done_at.is_(None)
    session.execute(update(Task).where(*same).values(done_at=now, done_by=str(SYSTEM)))


def close_tasks(session: Session, kind: str, visit: UUID, actor: Actor, now: datetime) -> None:
    """Nothing of that kind is left to do for the visit: it was done, or has no sense any more."""
    session.execute(
        update(Task)
        .where(Task.kind == kind, Task.visit_id == visit, Task.done_at.is_(None))
        .values(done_at=now, done_by=str(actor))
    )
