"""Visits by video that cannot be given where the patient will be, or of which nobody knows: found in time."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from scheduler.db.models import Message, Visit, Whereabouts
from scheduler.domain.clinic import Mode
from scheduler.domain.messages import ASKS_WHERE, MessageKind, MessageState
from scheduler.domain.tasks import TaskKind
from scheduler.domain.visits import EXPECTED, VisitStatus
from scheduler.services.changes.whereabouts import BEFORE_VISIT, forget, may_be_seen
from scheduler.services.clinic.current import Moment
from scheduler.services.ground.desk import Desk
from scheduler.services.tasks.opening import open_task_once


def list_unlicensed(desk: Desk, now: datetime) -> int:
    """Give staff a task for each coming visit whose licence ends before it; once for each."""
    with desk.db.transaction() as session:
        moment = desk.clinics.moment(session)
        return sum(
            open_task_once(
                session,
                TaskKind.NOT_LICENSED,
                visit.id,
                f"{visit.practitioner}:{visit.state}:{visit.start_wall.date()}",
                visit.starts_at,
                now,
            )
            for visit in _unlicensed(session, moment)
        )


def _unlicensed(session: Session, moment: Moment) -> Iterator[Visit]:
    ahead = select(Visit).where(Visit.mode == Mode.TELEMEDICINE, Visit.starts_at > moment.now)
    for visit in session.scalars(ahead.where(Visit.status.in_(EXPECTED)).order_by(Visit.starts_at)):
        if not may_be_seen(moment.clinic, visit, visit.state):
            yield visit


def call_who_did_not_say(desk: Desk, now: datetime) -> int:
    """Give staff a call for each near visit whose patient was asked where they will be, in vain."""
    asked = exists().where(
        Message.visit_id == Visit.id,
        Message.sequence == Visit.sequence,
        Message.kind == MessageKind.REMINDER,
        Message.offset_minutes <= ASKS_WHERE,
        Message.state == MessageState.SENT,
    )
    answered = exists().where(Whereabouts.visit_id == Visit.id)
    near = Visit.starts_at > now, Visit.starts_at <= now + BEFORE_VISIT
    silent = select(Visit.id, Visit.sequence, Visit.starts_at).where(
        *near, Visit.mode == Mode.TELEMEDICINE, Visit.status == VisitStatus.BOOKED, asked, ~answered
    )
    with desk.db.transaction() as session:
        return sum(
            open_task_once(session, TaskKind.NOWHERE, id, f"no-answer:{sequence}", start, now)
            for id, sequence, start in session.execute(silent).all()
        )


def forget_places(desk: Desk, now: datetime) -> int:
    """Drop where patients were, as long after the visit as the clinic file says."""
    with desk.db.transaction() as session:
        return forget(session, desk.clinics.moment(session))
