"""Whether the patient of a visit is under age, and whether somebody answers for them."""

from datetime import date

from sqlalchemy.orm import Session

from scheduler.db.models import Patient, Visit
from scheduler.domain.minors import GUARDIANS, is_minor
from scheduler.services.ground.desk import Desk
from scheduler.services.people.recipients import involved


def is_under_age(session: Session, desk: Desk, visit: Visit, day: date) -> bool:
    """On that day."""
    patient, vault = session.get_one(Patient, visit.patient_id), desk.secrets.vault
    born = date.fromisoformat(vault.open("patients.birth_date", patient.id, patient.birth_date))
    return is_minor(born, day)


def has_guardian(session: Session, visit: Visit) -> bool:
    """Whether a parent or guardian hears of the visit, or may."""
    return any(each.relationship in GUARDIANS for each in session.scalars(involved(visit.id)))
