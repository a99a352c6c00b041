"""One effect for one key: a repeated request answers with what the first one made."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from scheduler.db.models import IdempotencyKey
from scheduler.domain.errors import IdempotencyConflict

KEPT = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Repeatable:
    """A request that carries an Idempotency-Key; `body_hash` is a keyed hash of the parsed body."""

    caller: str
    route: str
    key: str
    body_hash: bytes

    @property
    def row(self) -> dict[str, str]:
        return {"caller": self.caller, "route": self.route, "key": self.key}


def begin(session: Session, request: Repeatable | None, now: datetime) -> UUID | None:
    """Take the key; the visit that it stands for already, where it was taken before.

    The insert comes first in its transaction: racers wait on the index and then read what is stored.
    Raises IdempotencyConflict for another body.
    """
    if request is None:
        return None
    taken = session.execute(
        upsert(IdempotencyKey)
        .values(**request.row, body_hash=request.body_hash, status=0, created_at=now)
        .on_conflict_do_nothing()
        .returning(IdempotencyKey.key)  # rowcount is -1 after an insert, whatever it did
    ).first()
    return None if taken else effect(session, request)


def effect(session: Session, request: Repeatable) -> UUID | None:
    """The visit that an earlier request with this key made.

    Raises IdempotencyConflict for another body.
    """
    row = session.execute(
        select(IdempotencyKey.body_hash, IdempotencyKey.visit_id).filter_by(**request.row)
    ).first()
    if row is not None and row.body_hash != request.body_hash:
        raise IdempotencyConflict
    return row.visit_id if row else None


def finish(session: Session, request: Repeatable | None, visit: UUID, status: int) -> None:
    """Note what the key stands for."""
    if request is not None:
        session.execute(update(IdempotencyKey).filter_by(**request.row).values(visit_id=visit, status=status))


def forget(session: Session, now: datetime) -> int:
    """Drop keys older than a day; how many."""
    dropped = session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < now - KEPT))
    return dropped.rowcount  # type: ignore[attr-defined, no-any-return]
