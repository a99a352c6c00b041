"""What a booking leaves for staff to do."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from scheduler.db.models import Visit
from scheduler.domain.tasks import TaskKind
from scheduler.domain.triage import Outcome, Result
from scheduler.services.callbacks import was_asked_for
from scheduler.services.clinic.current import Moment
from scheduler.services.desk import Desk
from scheduler.services.needs import tell_of_needs
from scheduler.services.tasks import open_task

SOON = timedelta(days=2)
"""Within so much staff call somebody whom they should call within days."""

# Alike: somebody known who has the surname and birth date of a patient who was entered at this very instant.
# Not enough to be taken for one person, too much for chance: a new mail address, a name spelled otherwise.
BOOKED = text(
    """
    SELECT v.starts_at, v.answer_by, v.needs IS NOT NULL, (
        SELECT known.id FROM patients new JOIN patients known
        ON known.surname_hash = new.surname_hash AND known.birth_date_hash = new.birth_date_hash
        AND known.id <> new.id
        WHERE new.id = v.patient_id AND new.created_at = :now
        ORDER BY known.created_at, known.id LIMIT 1
    ) FROM visits v WHERE v.id = :visit
    """
)


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
    session: Session, desk: Desk, moment: Moment, visit: UUID, result: Result | None = None
) -> None:
    """Call it once, in the transaction that booked the visit."""
    now = moment.now
    start, answer_by, needs, alike = session.execute(BOOKED, {"visit": visit, "now": now}).one()
    if answer_by is not None:
        open_task(session, TaskKind.APPROVE, visit, "booked", answer_by, now)
    if result and result.outcome is not Outcome.NOTHING:
        tell_of_answers(session, session.get_one(Visit, visit), result, now)
    if needs:
        tell_of_needs(session, desk, moment, session.get_one(Visit, visit), "booked")
    if alike:
        open_task(session, TaskKind.SAME_PERSON, visit, f"patient:{alike}", start, now)
