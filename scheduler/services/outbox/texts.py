"""What goes by text: news of visits to patients, alerts to people of the clinic."""

from dataclasses import replace

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from scheduler.channels.sms.text import Text
from scheduler.db.models import Patient, Recipient, Visit
from scheduler.domain.clinic import Clinic
from scheduler.domain.people import initials
from scheduler.messages.sms import render_sms
from scheduler.services.ground.desk import Desk
from scheduler.services.outbox.alerts import alert_text
from scheduler.services.outbox.claiming import Claimed, ClaimedHook, Held
from scheduler.services.outbox.content import facts_of, rows_of, worded


def compose_text(session: Session, desk: Desk, held: Held) -> Text | None:
    """The text of a claimed message; None where nobody is to have it any more."""
    assert not isinstance(held, ClaimedHook)
    return text_of(session, desk, held) if isinstance(held, Claimed) else alert_text(session, desk, held)


def text_of(session: Session, desk: Desk, held: Claimed) -> Text:
    visit, recipient = rows_of(session, held)
    clinic = desk.clinics.version(session, held.clinic_version)
    facts = facts_of(desk, clinic, held.kind, worded(session, held), visit, recipient)
    facts = replace(facts, reads_answers=desk.reads_texts)
    text = render_sms(facts, place_name(clinic, visit), _initials(session, desk, visit, recipient))
    assert recipient.phone
    now = desk.db.now(session)
    return Text(
        id=held.message_id,
        to=desk.secrets.vault.open("recipients.phone", recipient.id, recipient.phone),
        body=text.body,
        template_version=text.template_version,
        made_at=held.made_at,
        valid_for=int((held.expires_at - now).total_seconds()),
        timestamp=desk.db.timestamp(now),
    )


def place_name(clinic: Clinic, visit: Visit) -> str | None:
    place = clinic.location(visit.location) if visit.location else None
    return place.name if place else None


def _initials(session: Session, desk: Desk, visit: Visit, recipient: Recipient) -> str:
    """Two letters of the patient's name, where the number serves several patients."""
    other, theirs = aliased(Recipient), aliased(Visit)
    shared = (
        exists()
        .where(other.phone_hash == recipient.phone_hash, theirs.id == other.visit_id)
        .where(theirs.patient_id != visit.patient_id)
    )
    if not session.execute(select(shared)).scalar_one():
        return ""
    patient = session.get_one(Patient, visit.patient_id)
    return initials(desk.secrets.vault.open("patients.name", patient.id, patient.name))
