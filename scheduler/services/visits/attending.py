"""Who has come to a visit by video, as its history tells."""

from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from scheduler.db.models import Visit, VisitEvent, Whereabouts
from scheduler.domain.actors import ActorKind
from scheduler.domain.video import opens_at
from scheduler.domain.visits import Act
from scheduler.domain.whereabouts import Stage

TRIES = (Act.KNOCK, Act.WHEREABOUTS, Act.ARRIVE, Act.JOIN)
"""What somebody does who stands before the gate."""
BY_STAFF = f"{ActorKind.STAFF}:%"


def since(session: Session, visit: Visit) -> datetime:
    """From when on coming means coming to this visit as it is: not to the time from which it was moved."""
    moves = select(func.max(VisitEvent.at)).where(
        VisitEvent.visit_id == visit.id, VisitEvent.act.in_((Act.RESCHEDULE, Act.CONVERT))
    )
    moved = session.execute(moves).scalar_one()
    opens = opens_at(visit.starts_at)
    return max(opens, moved) if moved else opens


def was_moved(session: Session, visit: Visit) -> bool:
    return _happened(session, visit, VisitEvent.act == Act.RESCHEDULE)


def host_came(session: Session, visit: Visit) -> bool:
    """Whether staff went into the room by way of us; into a room of their own they may go by themselves."""
    by_staff = VisitEvent.act == Act.JOIN, VisitEvent.actor.like(BY_STAFF)
    return _happened(session, visit, *by_staff, VisitEvent.at >= since(session, visit))


def patient_tried(session: Session, visit: Visit) -> bool:
    """Whether the patient, or somebody for them, was at the gate, let in or not."""
    by_others = VisitEvent.act.in_(TRIES), VisitEvent.actor.not_like(BY_STAFF)
    return _happened(session, visit, *by_others, VisitEvent.at >= since(session, visit))


def gate_answer(session: Session, visit: Visit) -> Whereabouts | None:
    """Where the patient last said to be at the gate of this visit."""
    said = select(Whereabouts).where(Whereabouts.visit_id == visit.id, Whereabouts.stage == Stage.GATE)
    said = said.where(Whereabouts.at >= since(session, visit))
    return session.scalars(said.order_by(Whereabouts.at.desc()).limit(1)).one_or_none()


def _happened(session: Session, visit: Visit, *which: ColumnElement[bool]) -> bool:
    event = exists().where(VisitEvent.visit_id == visit.id, *which)
    return bool(session.execute(select(event)).scalar_one())
