"""A visit as staff see it: with the people, whose seals are opened here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.db.models import InviteAnswer, Patient, Recipient, Visit
from scheduler.db.secrets import Vault
from scheduler.services.ground.desk import Desk
from scheduler.services.people.recipients import IS_INVOLVED, PATIENT
from scheduler.services.telling.reaching import BY_MAIL, BY_TEXT, HAS_WRONG_NUMBER, MAIL_ENDED, notify
from scheduler.services.telling.reminding import WANTS_NO_REMINDERS
from scheduler.services.visits.facts import VisitFacts, facts


@dataclass(frozen=True, slots=True)
class StaffRecipient:
    """Somebody who hears of a visit, or does not, and where."""

    role: str
    relationship: str | None
    receives: bool
    name: str
    email: str | None
    phone: str | None
    language: str
    reminders: bool
    """Whether they want reminders by mail."""
    mail_ended: str | None
    """Why no mail goes to their address, as a code; None where it does, or there is none."""
    wrong_number: bool
    """Whether somebody else has their number: it is not called."""
    answer: str | None
    """The newest of their calendar to the invite, such as `accepted` or `declined`."""


Told = tuple[StaffRecipient, bool, bool]
"""Somebody, and whether mail and texts reach them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffVisit(VisitFacts):
    """No links: whoever holds a patient's link acts as the patient, also after a key was revoked."""

    new_patient: bool | None
    cancel_reason: str | None
    answer_by: datetime | None
    name: str
    """Of the patient."""
    birth_date: date
    recipients: Sequence[StaffRecipient]

    @property
    def to_call(self) -> StaffRecipient:
        """Whom to phone about it: somebody with a number, of those who are told, the patient first.

        Without the number where it is somebody else's: they would hear of the visit.
        """
        people = [replace(one, phone=None) if one.wrong_number else one for one in self.recipients]
        return min(people, key=lambda one: (not one.phone, not one.receives, one.role != PATIENT))


def staff_visits(session: Session, desk: Desk, visits: Sequence[Visit]) -> list[StaffVisit]:
    """The visits with their people, in three queries however many they are."""
    patients = select(Patient).where(Patient.id.in_({visit.patient_id for visit in visits}))
    of_these = Recipient.visit_id.in_([visit.id for visit in visits])
    recipients = (
        select(Recipient, BY_MAIL, BY_TEXT, WANTS_NO_REMINDERS, HAS_WRONG_NUMBER, MAIL_ENDED)
        .add_columns(InviteAnswer.partstat)
        .outerjoin(InviteAnswer, InviteAnswer.recipient_id == Recipient.id)
        .where(of_these, IS_INVOLVED)
    )
    known = {patient.id: patient for patient in session.scalars(patients)}
    vault = desk.secrets.vault
    told: dict[UUID, list[Told]] = {visit.id: [] for visit in visits}
    for each in session.execute(recipients.order_by(Recipient.role)):
        row, mail, text, refuses, wrong, ended, answer = each
        one = _recipient(vault, row, ended, answer, refuses=refuses, wrong=wrong)
        told[row.visit_id].append((one, mail, text))
    return [_opened(vault, visit, known[visit.patient_id], told[visit.id]) for visit in visits]


def _opened(vault: Vault, visit: Visit, patient: Patient, told: Sequence[Told]) -> StaffVisit:
    born = vault.open("patients.birth_date", patient.id, patient.birth_date)
    return StaffVisit(
        **facts(vault, visit),
        notify=notify((mail, text) for each, mail, text in told if each.receives),
        new_patient=visit.new_patient,
        cancel_reason=visit.cancel_reason,
        answer_by=visit.answer_by,
        name=patient_name(vault, patient),
        birth_date=date.fromisoformat(born),
        recipients=[each for each, _, _ in told],
    )


def patient_name(vault: Vault, patient: Patient) -> str:
    return vault.open("patients.name", patient.id, patient.name)


def _recipient(
    vault: Vault, row: Recipient, ended: str | None, answer: str | None, *, refuses: bool, wrong: bool
) -> StaffRecipient:
    def said(column: str, value: bytes | None) -> str | None:
        return vault.open(f"recipients.{column}", row.id, value) if value else None

    return StaffRecipient(
        role=row.role,
        relationship=row.relationship,
        receives=row.receives,
        name=vault.open("recipients.name", row.id, row.name),
        email=said("email", row.email),
        phone=said("phone", row.phone),
        language=row.language,
        reminders=not refuses,
        mail_ended=ended,
        wrong_number=wrong,
        answer=answer.lower() if answer else None,
    )
