"""A visit as those see it who may see it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.db.models import Recipient, Visit
from scheduler.domain.clinic import Mode
from scheduler.domain.errors import NotFound
from scheduler.services.desk import Desk
from scheduler.services.recording import JOIN, MANAGE


@dataclass(frozen=True, slots=True)
class VisitView:
    """What a patient may know of their visit; instants carry the zone in which the visit is promised."""

    id: UUID
    reference: str
    status: str
    visit_type: str
    label: str
    mode: Mode
    start: datetime
    end: datetime
    timezone: str
    practitioner: str
    location: str | None
    sequence: int
    version: int
    confirmed_at: datetime | None
    notify: str
    """`email`, or `call` where nothing else reaches the patient."""
    manage_token: str
    manage_link: str
    join_link: str | None


def view(session: Session, desk: Desk, id: UUID) -> VisitView:
    """Raises NotFound."""
    row = session.execute(
        select(Visit, Recipient).join(Recipient, Recipient.visit_id == Visit.id).where(Visit.id == id)
    ).first()
    if row is None:
        raise NotFound
    visit, recipient = row
    zone = ZoneInfo(visit.zone)
    manage, join = (
        desk.token(recipient.link_key, visit.id, recipient.id, purpose, recipient.link_generation)
        for purpose in (MANAGE, JOIN)
    )
    return VisitView(
        id=visit.id,
        reference=desk.secrets.vault.open("visits.reference", visit.id, visit.reference),
        status=visit.status,
        visit_type=visit.visit_type,
        label=visit.label,
        mode=Mode(visit.mode),
        start=visit.starts_at.astimezone(zone),
        end=visit.ends_at.astimezone(zone),
        timezone=visit.zone,
        practitioner=visit.practitioner,
        location=visit.location,
        sequence=visit.sequence,
        version=visit.version,
        confirmed_at=visit.confirmed_at,
        notify="email" if recipient.email else "call",
        manage_token=manage,
        manage_link=desk.manage_link(manage),
        join_link=desk.join_link(join) if visit.mode == Mode.TELEMEDICINE else None,
    )
