"""Who hears of a visit: the patient, and whoever booked for them; each with links of their own."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Select, insert, select
from sqlalchemy.orm import Session

from scheduler.db.models import Link, Recipient
from scheduler.db.secrets import token_hash
from scheduler.domain.booking import BookingRequest
from scheduler.domain.people import Booker, Contact, Receives, fold_email
from scheduler.services.ground.desk import Desk

PATIENT, BOOKED_BY = "patient", "booked_by"
"""The roles of recipients."""

FORMER = "former:"
"""Begins the role of somebody who has no more to do with the visit; a number follows."""

MANAGE, JOIN, NOT_YOU, UNSUBSCRIBE = "manage", "join", "not_you", "unsubscribe"
"""What a link is good for."""
LASTING = (NOT_YOU, UNSUBSCRIBE)
"""Links that open nothing, and that are good after all others ended: for those who want to hear nothing."""

IS_INVOLVED: ColumnElement[bool] = Recipient.role.not_like(f"{FORMER}%")


def rows_at_booking(desk: Desk, visit: UUID, request: BookingRequest) -> list[dict[str, Any]]:
    """Who hears of a visit, or does not; whoever booked comes first."""
    booker = request.booked_by
    told = booker is None or booker.receives is not Receives.INSTEAD
    patient = _row(desk, visit, PATIENT, request.patient, receives=told)
    if booker is None:
        return [patient]
    told = booker.receives is not Receives.NOTHING
    return [_row(desk, visit, BOOKED_BY, booker, receives=told), patient]


def enter_recipient(
    session: Session, desk: Desk, visit: UUID, role: str, person: Contact, *, receives: bool
) -> UUID:
    """One recipient with links of a first generation; the id."""
    row = _row(desk, visit, role, person, receives=receives)
    id: UUID = row["id"]
    session.execute(insert(Recipient.table()).values(row))
    session.execute(insert(Link.table()), list(link_rows(desk, visit, id, desk.secrets.links.active, 0)))
    return id


def _row(desk: Desk, visit: UUID, role: str, person: Contact, *, receives: bool) -> dict[str, Any]:
    id = uuid4()
    return {
        "id": id,
        "visit_id": visit,
        "role": role,
        "receives": receives,
        "relationship": person.relationship if isinstance(person, Booker) else None,
        "name": desk.secrets.vault.seal("recipients.name", id, person.name),
        **contact_columns(desk, id, person),
        "link_key": desk.secrets.links.active,
        "link_generation": 0,
    }


def contact_columns(desk: Desk, id: UUID, person: Contact) -> dict[str, Any]:
    """How a recipient is reached, as it is kept."""
    vault, lookup = desk.secrets.vault, desk.secrets.lookup
    email, phone = person.email, person.phone
    return {
        "email": vault.seal("recipients.email", id, email) if email else None,
        "email_hash": lookup.hash("email", fold_email(email)) if email else None,
        "phone": vault.seal("recipients.phone", id, phone) if phone else None,
        "phone_hash": lookup.hash("phone", phone) if phone else None,
        "language": person.language,
        "timezone": person.timezone,
        "channels": list(person.channels) or None,
    }


def contact_of(desk: Desk, who: Recipient) -> Contact:
    """How a recipient is reached, opened."""
    vault = desk.secrets.vault
    return Contact(
        name=vault.open("recipients.name", who.id, who.name),
        email=vault.open("recipients.email", who.id, who.email) if who.email else None,
        phone=vault.open("recipients.phone", who.id, who.phone) if who.phone else None,
        language=who.language,
        timezone=who.timezone,
        channels=tuple(who.channels or ()),
    )


def link_rows(
    desk: Desk, visit: UUID, recipient: UUID, key: str, generation: int
) -> Iterator[dict[str, Any]]:
    """All links always: a visit can become a video visit, and its join link must then be known."""
    for purpose in (MANAGE, JOIN, NOT_YOU):
        token = desk.token(key, visit, recipient, purpose, generation)
        yield {
            "hash": token_hash(token),
            "recipient_id": recipient,
            "purpose": purpose,
            "generation": generation,
        }


def involved(visit: UUID) -> Select[Recipient]:
    """Everybody who has to do with a visit, whether they hear of it or not."""
    return select(Recipient).where(Recipient.visit_id == visit, IS_INVOLVED).order_by(Recipient.role)
