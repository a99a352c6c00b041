"""Requests that wait for an answer: staff are told once more when half of the time is over."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scheduler.db.models import Visit, VisitEvent
from scheduler.domain.opening import halfway
from scheduler.domain.tasks import TaskKind
from scheduler.domain.visits import Act
from scheduler.services.ground.desk import Desk
from scheduler.services.rounds.requests import IS_REQUEST
from scheduler.services.tasks.opening import open_task_once


class Request(NamedTuple):
    visit: UUID
    sequence: int
    since: datetime
    """When it was asked for, or last moved: then it waits anew."""
    answer_by: datetime


def tell_of_unanswered(desk: Desk, now: datetime) -> int:
    """Give staff a task for each request whose time is half over, once; for how many."""
    with desk.db.transaction() as session:
        clinic = desk.clinics.moment(session).clinic
        return sum(
            open_task_once(
                session, TaskKind.UNANSWERED, each.visit, f"half:{each.sequence}", each.answer_by, now
            )
            for each in _waiting(session, now)
            if halfway(clinic, each.since, each.answer_by) <= now
        )


def _waiting(session: Session, now: datetime) -> Iterator[Request]:
    moved = (
        select(func.max(VisitEvent.at))
        .where(VisitEvent.visit_id == Visit.id, VisitEvent.act == Act.RESCHEDULE)
        .scalar_subquery()
    )
    pending = select(Visit.id, Visit.sequence, func.coalesce(moved, Visit.created_at), Visit.answer_by).where(
        IS_REQUEST, Visit.answer_by > now
    )
    for visit, sequence, since, until in session.execute(pending).all():
        assert until
        yield Request(visit, sequence, since, until)
