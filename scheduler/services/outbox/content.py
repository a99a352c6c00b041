"""What a message says: a pure function of its row, so that every attempt has the same bytes."""

from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.calendars.invite import InviteFacts, Method, invite
from scheduler.channels.mime import Mail
from scheduler.db.models import Message, Recipient, Visit
from scheduler.domain.clinic import Clinic, Mode
from scheduler.domain.messages import ENDING, WITH_ENTRY
from scheduler.domain.visits import VisitStatus
from scheduler.messages.facts import MessageFacts
from scheduler.messages.render import entry_texts, render
from scheduler.services.desk import Desk
from scheduler.services.outbox.claiming import Claimed
from scheduler.services.recipients import JOIN, MANAGE


def mail_of(session: Session, desk: Desk, held: Claimed) -> Mail:
    """The mail of a claimed message."""
    visit, recipient = _rows(session, held)
    clinic = desk.clinics.version(session, held.clinic_version)
    email = _open(desk, recipient, "email")
    facts = _facts(desk, clinic, held, visit, recipient)
    text = render(facts)
    method = Method.CANCEL if held.kind in ENDING else Method.REQUEST
    entry = _entry(clinic, held, visit, facts, email, method) if held.kind in WITH_ENTRY else None
    return Mail(
        message_id=message_id(held.message_id, clinic),
        date=held.made_at,
        sender=clinic.sender,
        recipient=email,
        subject=text.subject,
        text=text.text,
        html=text.html,
        calendar=entry,
        calendar_method=method,
        references=tuple(message_id(each, clinic) for each in _first_told(session, held)),
    )


def message_id(token: str, clinic: Clinic) -> str:
    """The Message-ID of a mail, in the clinic's own mail domain."""
    return f"<{token}@{clinic.sender.email.rpartition('@')[2]}>"


def _rows(session: Session, held: Claimed) -> tuple[Visit, Recipient]:
    rows = session.execute(
        select(Visit, Recipient)
        .join(Recipient, Recipient.visit_id == Visit.id)
        .where(Visit.id == held.visit, Recipient.id == held.recipient)
    ).one()
    return rows[0], rows[1]


def _open(desk: Desk, recipient: Recipient, column: str) -> str:
    return desk.secrets.vault.open(f"recipients.{column}", recipient.id, getattr(recipient, column))


def _facts(desk: Desk, clinic: Clinic, held: Claimed, visit: Visit, recipient: Recipient) -> MessageFacts:
    practitioner = clinic.practitioner(visit.practitioner)
    place = clinic.location(visit.location) if visit.location else None
    assert practitioner
    joinable = visit.mode == Mode.TELEMEDICINE and held.kind not in ENDING
    return MessageFacts(
        kind=held.kind,
        language=recipient.language,
        sender_name=clinic.sender.name,
        clinic_phone=(place and place.phone) or clinic.phone,
        first_name=_open(desk, recipient, "name").split()[0],
        practitioner=practitioner.message_name,
        mode=Mode(visit.mode),
        pending=visit.status == VisitStatus.PENDING,
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
        zone=ZoneInfo(visit.zone),
        patient_zone=ZoneInfo(recipient.timezone) if recipient.timezone else None,
        place=place.address if place else None,
        manage_link=desk.manage_link(_token(desk, visit.id, recipient, MANAGE)),
        book_link=f"{desk.public_url}/book",
        join_link=desk.join_link(_token(desk, visit.id, recipient, JOIN)) if joinable else None,
    )


def _token(desk: Desk, visit: UUID, recipient: Recipient, purpose: str) -> str:
    return desk.token(recipient.link_key, visit, recipient.id, purpose, recipient.link_generation)


def _entry(
    clinic: Clinic, held: Claimed, visit: Visit, facts: MessageFacts, email: str, method: Method
) -> bytes:
    texts = entry_texts(facts)
    place = clinic.location(visit.location) if visit.location else None
    return invite(
        InviteFacts(
            uid=visit.uid,
            sequence=held.sequence,
            tentative=facts.pending,
            starts_at=visit.starts_at,
            ends_at=visit.ends_at,
            created_at=visit.created_at,
            modified_at=visit.changed_at,
            made_at=held.made_at,
            organizer=clinic.sender,
            attendee=email,
            summary=texts.summary,
            description=texts.description,
            location=texts.location,
            geo=place.geo if place else None,
            join_link=facts.join_link,
            join_label=texts.join_label,
        ),
        method,
    )


def _first_told(session: Session, held: Claimed) -> list[str]:
    """The first message of this visit to this recipient: later ones are threaded to it."""
    first = (
        select(Message.message_id)
        .where(Message.visit_id == held.visit, Message.recipient_id == held.recipient)
        .where(Message.id < held.id, Message.channel == held.channel)
        .order_by(Message.id)
        .limit(1)
    )
    return list(session.scalars(first))
