"""Who hears of a visit: the patient, and whoever booked for them; each with links of their own."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Select, insert, select
from sqlalchemy.orm import Session

from scheduler.db.models import Link, Recipient
from scheduler.db.secrets import token_hash
from scheduler.domain.booking import BookingRequest
from scheduler.domain.people import Booker, Contact, Receives, fold_email
from scheduler.services.desk import Desk

PATIENT, BOOKED_BY = "patient", "booked_by"
"""The roles of recipients."""

MANAGE, JOIN = "manage", "join"
"""What a link is good for."""


def enter_recipients(session: Session, desk: Desk, visit: UUID, request: BookingRequest) -> None:
    """Write down who hears of a visit, and what their links are known by."""
    patient, booker = request.patient, request.booked_by
    told = booker is None or booker.receives is not Receives.INSTEAD
    enter_recipient(session, desk, visit, PATIENT, patient, receives=told)
    if booker:
        told = booker.receives is not Receives.NOTHING
        enter_recipient(session, desk, visit, BOOKED_BY, booker, receives=told)


def enter_recipient(
    session: Session, desk: Desk, visit: UUID, role: str, person: Contact, *, receives: bool
) -> UUID:
    """One recipient with links of a first generation; the id."""
    id = uuid4()
    row = _row(id, visit, desk, person)
    session.execute(insert(Recipient.table()).values(**row, role=role, receives=receives))
    session.execute(insert(Link.table()), list(link_rows(desk, visit, id, desk.secrets.links.active, 0)))
    return id


def _row(id: UUID, visit: UUID, desk: Desk, person: Contact) -> dict[str, Any]:
    vault, lookup = desk.secrets.vault, desk.secrets.lookup
    email, phone = person.email, person.phone
    return {
        "id": id,
        "visit_id": visit,
        "relationship": person.relationship if isinstance(person, Booker) else None,
        "name": vault.seal("recipients.name", id, person.name),
        "email": vault.seal("recipients.email", id, email) if email else None,
        "email_hash": lookup.hash("email", fold_email(email)) if email else None,
        "phone": vault.seal("recipients.phone", id, phone) if phone else None,
        "phone_hash": lookup.hash("phone", phone) if phone else None,
        "language": person.language,
        "timezone": person.timezone,
        "link_key": desk.secrets.links.active,
        "link_generation": 0,
    }


def link_rows(
    desk: Desk, visit: UUID, recipient: UUID, key: str, generation: int
) -> Iterator[dict[str, Any]]:
    """Both links always: a visit can become a video visit, and its join link must then be known."""
    for purpose in (MANAGE, JOIN):
        token = desk.token(key, visit, recipient, purpose, generation)
        yield {
            "hash": token_hash(token),
            "recipient_id": recipient,
            "purpose": purpose,
            "generation": generation,
        }


def reached_by_mail(visit: UUID) -> Select[Recipient]:
    """Recipients of a visit to whom mail goes."""
    return select(Recipient).where(
        Recipient.visit_id == visit, Recipient.receives, Recipient.email.is_not(None)
    )
