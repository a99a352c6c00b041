"""One effect for one key: a repeated request answers with what the first one made."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from scheduler.db.dropping import drop_some
from scheduler.db.models import IdempotencyKey
from scheduler.domain.errors import Conflict, IdempotencyConflict

T = TypeVar("T")

KEPT = timedelta(hours=24)
CREATED = 201
"""What every request with a key is answered, the first time and again."""


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
    """Take the key; the id of what it stands for already, where it was taken before.

    The insert comes first in its transaction: racers wait on the index and then read what is stored.
    A key whose hold is gone is free for the first who locks it.
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
    return None if taken else effect(session, request, locked=True)


def effect(session: Session, request: Repeatable, locked: bool = False) -> UUID | None:
    """The id of what an earlier request with this key made.

    Raises IdempotencyConflict for another body.
    """
    key = IdempotencyKey
    stored = select(key.body_hash, key.visit_id, key.hold_id, key.entry_id).filter_by(**request.row)
    row = session.execute(stored.with_for_update() if locked else stored).first()
    if row is not None and row.body_hash != request.body_hash:
        raise IdempotencyConflict
    return row.visit_id or row.hold_id or row.entry_id if row else None


def finish(
    session: Session,
    request: Repeatable | None,
    *,
    visit: UUID | None = None,
    hold: UUID | None = None,
    entry: UUID | None = None,
) -> None:
    """Note what was made under the key: a visit, a hold, or an entry of the table that the route is about."""
    if request is not None:
        key = update(IdempotencyKey).filter_by(**request.row)
        session.execute(key.values(visit_id=visit, hold_id=hold, entry_id=entry, status=CREATED))


def once(made_before: Callable[[], T | None], make: Callable[[], T]) -> T:
    """What was made before, else what is made now."""
    if made := made_before():
        return made
    try:
        return make()
    except Conflict:
        if made := made_before():  # by our own earlier try, which took the time
            return made
        raise


def forget(session: Session, now: datetime) -> int:
    """Drop keys older than a day; how many."""
    return drop_some(session, IdempotencyKey, IdempotencyKey.created_at < now - KEPT)
