"""Errands: what a worker does on the network for one row, once or again and again.

The row says when it is due. Whoever moves that time forward does it, so hints of it may come twice.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from scheduler.db.models import Errand
from scheduler.domain.messages import ErrandHint

LEASE = timedelta(minutes=2)
"""For so long nobody else does it; above the task time limit of 60 s. One that failed is due again then."""
NUDGE_AGAIN = timedelta(seconds=15)
MOST_NUDGES = 100


def plan(session: Session, work: str, row: str, at: datetime) -> None:
    """Have it done at that time; earlier, if it is planned for earlier already."""
    planned = upsert(Errand).values(work=work, row=row, next_at=at)
    sooner = {"next_at": func.least(Errand.next_at, at), "nudged_at": None}
    session.execute(planned.on_conflict_do_update(index_elements=["work", "row"], set_=sooner))


def plan_once(session: Session, work: str, row: str, at: datetime) -> bool:
    """Have it done at that time, if it is not planned at all; whether it was not."""
    planned = upsert(Errand).values(work=work, row=row, next_at=at).on_conflict_do_nothing()
    return session.execute(planned.returning(Errand.row)).first() is not None


def nudge(session: Session, now: datetime) -> list[ErrandHint]:
    """Errands that are due and were not hinted lately; they are marked as hinted."""
    due = (
        select(Errand)
        .where(Errand.next_at <= now)
        .where(Errand.nudged_at.is_(None) | (Errand.nudged_at <= now - NUDGE_AGAIN))
        .order_by(Errand.next_at)
        .limit(MOST_NUDGES)
        .with_for_update(skip_locked=True)
    )
    hints = []
    for errand in session.scalars(due):
        errand.nudged_at = now
        hints.append(ErrandHint(errand.work, errand.row))
    return hints


def take(session: Session, hint: ErrandHint, now: datetime) -> datetime | None:
    """Until when it is ours; None where it is not due, or in somebody's hands."""
    mine = update(Errand).where(Errand.work == hint.work, Errand.row == hint.row, Errand.next_at <= now)
    taken = mine.values(next_at=now + LEASE, nudged_at=None).returning(Errand.next_at)
    return session.execute(taken).scalar_one_or_none()


def done(session: Session, hint: ErrandHint, until: datetime, again: datetime | None) -> None:
    """It is due again at that time, or never; unless somebody planned it anew while it was being done."""
    ours = Errand.work == hint.work, Errand.row == hint.row, Errand.next_at == until
    if again is None:
        session.execute(delete(Errand).where(*ours))
    else:
        session.execute(update(Errand).where(*ours).values(next_at=again))
