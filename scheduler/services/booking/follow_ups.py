"""What a booking leaves for staff to do."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler.db.models import Visit
from scheduler.domain.tasks import TaskKind
from scheduler.domain.triage import Outcome, Result
from scheduler.services.booking.callbacks import was_asked_for
from scheduler.services.clinic.current import Moment
from scheduler.services.ground.desk import Desk
from scheduler.services.people.needs import tell_of_needs
from scheduler.services.tasks.opening import open_task

SOON = timedelta(days=2)
"""Within so much staff call somebody whom they should call within days."""


def tell_of_answers(session: Session, visit: Visit, result: Result | None, now: datetime) -> None:
    """Who answered the safety questions so that the clinic must speak with them is called."""
    if result is None:
        return
    if result.outcome is Outcome.SAME_DAY_CALL and not was_asked_for(session, result):
        open_task(session, TaskKind.CALLBACK, visit.id, "answers", now, now)
    if result.outcome is Outcome.SOON:
        due = min(visit.starts_at, now + SOON)
        open_task(session, TaskKind.CALL_SOON, visit.id, "answers", due, now)


def open_follow_ups(
    session: Session, desk: Desk, moment: Moment, visit: Visit, alike: UUID | None, result: Result | None
) -> None:
    """Call it once, in the transaction that booked the visit; `alike` is who may be the same patient."""
    now = moment.now
    if visit.answer_by is not None:
        open_task(session, TaskKind.APPROVE, visit.id, "booked", visit.answer_by, now)
    tell_of_answers(session, visit, result, now)
    tell_of_needs(session, desk, moment, visit, "booked")
    if alike:
        open_task(session, TaskKind.SAME_PERSON, visit.id, f"patient:{alike}", visit.starts_at, now)
