"""What a booking leaves for staff to do."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from scheduler.db.models import Patient, Visit
from scheduler.domain.tasks import TaskKind
from scheduler.services.tasks import open_task


def open_follow_ups(session: Session, visit: UUID, now: datetime) -> None:
    """Call it once, in the transaction that booked the visit."""
    patient, start, answer_by = session.execute(
        select(Visit.patient_id, Visit.starts_at, Visit.answer_by).where(Visit.id == visit)
    ).one()
    if answer_by is not None:
        open_task(session, TaskKind.APPROVE, visit, "booked", answer_by, now)
    if known := _alike(session, patient, now):
        open_task(session, TaskKind.SAME_PERSON, visit, f"patient:{known}", start, now)


def _alike(session: Session, patient: UUID, now: datetime) -> UUID | None:
    """Somebody known who has the surname and birth date of a patient who was entered at this very instant.

    Not enough to be taken for one person, too much for chance: a new mail address, a name spelled otherwise.
    """
    new, known = aliased(Patient), aliased(Patient)
    likeness = (known.surname_hash == new.surname_hash) & (known.birth_date_hash == new.birth_date_hash)
    return session.scalars(
        select(known.id)
        .join(new, likeness & (known.id != new.id))
        .where(new.id == patient, new.created_at == now)
        .order_by(known.created_at, known.id)
        .limit(1)
    ).first()
