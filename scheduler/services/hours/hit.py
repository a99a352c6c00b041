"""Visits that a practitioner's absence meets: the list of those whom somebody has to call."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from scheduler.db.models import Message, Visit
from scheduler.domain.actors import Actor
from scheduler.domain.visits import VisitStatus
from scheduler.services.audit.writing import note
from scheduler.services.ground.desk import Desk
from scheduler.services.visits.for_staff import StaffVisit, staff_visits

EXPECTED = (VisitStatus.PENDING, VisitStatus.BOOKED, VisitStatus.ARRIVED, VisitStatus.CHECKED_IN)
"""Somebody still counts on these."""


@dataclass(frozen=True, slots=True)
class LastMessage:
    """What was last due to be told, and what became of it."""

    kind: str
    state: str
    due: datetime


@dataclass(frozen=True, slots=True)
class Hit:
    visit: StaffVisit
    last_message: LastMessage | None

    @property
    def arrived(self) -> bool:
        return self.visit.status in (VisitStatus.ARRIVED, VisitStatus.CHECKED_IN)


def visits_hit(
    session: Session,
    desk: Desk,
    resource: int,
    during: Range[datetime],
    actor: Actor,
    now: datetime,
    *where: ColumnElement[bool],
) -> list[Hit]:
    """Visits of a practitioner that touch a stretch of time, by start; that staff saw them is audited.

    The visits themselves: a buffer that reaches into the time changes nothing for a patient.
    """
    touched = (
        select(Visit)
        .where(Visit.practitioner_id == resource, Visit.status.in_(EXPECTED), *where)
        .where(Visit.starts_at < during.upper, Visit.ends_at > during.lower)
        .order_by(Visit.starts_at, Visit.id)
    )
    visits = session.scalars(touched).all()
    ids = [visit.id for visit in visits]
    if ids:
        shown = {"ids": [str(id) for id in ids], "count": len(ids)}
        note(session, actor, "list", "visit", None, now, shown)
    last = _last_messages(session, ids, now)
    return [Hit(visit, last.get(visit.id)) for visit in staff_visits(session, desk, visits)]


def _last_messages(session: Session, visits: Sequence[UUID], now: datetime) -> dict[UUID, LastMessage]:
    rows = session.execute(
        select(Message.visit_id, Message.kind, Message.state, Message.due_at)
        .where(Message.visit_id.in_(visits), Message.due_at <= now, Message.recipient_id.is_not(None))
        .order_by(Message.due_at, Message.id)
    )  # of each visit's, the last one stays
    return {row.visit_id: LastMessage(row.kind, row.state, row.due_at) for row in rows}
