"""Requests that nobody answered in time end by themselves; the patient hears of it at once."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from scheduler.db.models import Visit
from scheduler.domain.visits import Act
from scheduler.services.changes.simple import advance
from scheduler.services.ground.desk import Desk
from scheduler.services.rounds.requests import IS_REQUEST
from scheduler.services.rounds.unasked import do_unasked

BATCH = 100


def expire_overdue(desk: Desk, now: datetime) -> int:
    """End pending visits whose answer is overdue, each in a transaction of its own; how many."""
    return sum(_expire(desk, visit, version) for visit, version in _overdue(desk, now))


def _overdue(desk: Desk, now: datetime) -> Sequence[tuple[UUID, int]]:
    """The longest overdue first; one without a term ends with its start, when approval has no more sense.

    One that somebody is at work on is left for the next time: to wait for it would keep the others waiting.
    """
    term = func.coalesce(Visit.answer_by, Visit.starts_at)
    overdue = (
        select(Visit.id, Visit.version)
        .where(IS_REQUEST, term <= now)
        .order_by(term)
        .limit(BATCH)
        .with_for_update(key_share=True, skip_locked=True)
    )
    with desk.db.transaction() as session:
        return [(id, version) for id, version in session.execute(overdue)]


def _expire(desk: Desk, visit: UUID, version: int) -> bool:
    """Whether it ended."""
    return do_unasked(desk, visit, version, Act.EXPIRE, advance) is not None
