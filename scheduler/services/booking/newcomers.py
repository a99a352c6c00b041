"""A patient is new once: one future visit of the kinds that are for new patients."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.db.models import Visit
from scheduler.domain.booking import BookingRequest
from scheduler.domain.clinic import NewPatients, VisitType
from scheduler.domain.errors import AlreadyBooked
from scheduler.domain.overrides import Rule
from scheduler.domain.visits import VisitStatus
from scheduler.services.clinic.current import Moment

GONE = (VisitStatus.CANCELLED, VisitStatus.ENTERED_IN_ERROR)


def check_first_visit(
    session: Session, moment: Moment, request: BookingRequest, kind: VisitType, patient: UUID
) -> None:
    """Under the patient's lock. Raises AlreadyBooked, without a word about the other visit.

    Staff may set the limit aside.
    """
    aside = request.override is not None and Rule.LIMIT in request.override.rules
    if kind.new_patients is not NewPatients.YES or aside:
        return
    kinds = [each.code for each in moment.clinic.visit_types if each.new_patients is NewPatients.YES]
    other = (
        select(Visit.id)
        .where(Visit.patient_id == patient, Visit.visit_type.in_(kinds))
        .where(Visit.starts_at > moment.now, Visit.status.not_in(GONE))
        .limit(1)
    )
    if session.execute(other).first() is not None:
        raise AlreadyBooked
