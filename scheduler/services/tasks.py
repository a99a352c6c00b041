"""What people of the clinic have to do."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from scheduler.db.models import Task


def open_task(
    session: Session, kind: str, visit: UUID | None, cause: str, due_at: datetime, now: datetime
) -> None:
    """Give staff something to do; once, as long as the same for the same cause is still open."""
    row = {"kind": kind, "visit_id": visit, "cause": cause, "due_at": due_at, "created_at": now}
    session.execute(upsert(Task).values(row).on_conflict_do_nothing())
