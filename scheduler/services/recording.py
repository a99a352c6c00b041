"""Writing a visit down: its row, claims, recipients, links and messages."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import tzdata
from sqlalchemy import insert
from sqlalchemy.orm import Session

from scheduler.db.models import Link, Recipient, Visit
from scheduler.db.secrets import Secrets, token_hash
from scheduler.domain.booking import BookingRequest
from scheduler.domain.clinic import VisitType
from scheduler.domain.messages import Hint, plan_booking
from scheduler.domain.people import Person, fold_email, fold_reference, new_reference
from scheduler.domain.schedule import Chair
from scheduler.domain.times import wall_of
from scheduler.domain.visits import VisitStatus, first_status
from scheduler.services.claims import Occupation, claim_for_visit
from scheduler.services.clinic.current import Moment
from scheduler.services.desk import Desk
from scheduler.services.planning import plan

PATIENT = "patient"
"""The role of the recipient whom the visit is for."""

MANAGE, JOIN = "manage", "join"
"""What a link is good for."""


@dataclass(frozen=True, slots=True)
class NewVisit:
    """Everything that was decided about a visit before it is written down."""

    request: BookingRequest
    kind: VisitType
    chair: Chair
    patient: UUID
    taken: Occupation

    @property
    def status(self) -> VisitStatus:
        """Staff who book have approved it by that."""
        if self.request.actor.is_staff:
            return VisitStatus.BOOKED
        return first_status(self.kind.modes[self.request.wish.mode])


def record(session: Session, desk: Desk, moment: Moment, new: NewVisit) -> tuple[UUID, list[Hint]]:
    """Write all rows of a new visit; its id and hints of the messages that are due now."""
    visit, recipient = uuid4(), uuid4()
    session.execute(insert(Visit.table()).values(_visit_row(visit, moment, desk.secrets, new)))
    claim_for_visit(session, visit, new.taken)
    session.execute(
        insert(Recipient.table()).values(_recipient_row(recipient, visit, desk.secrets, new.request.patient))
    )
    session.execute(insert(Link.table()), list(_link_rows(recipient, visit, desk)))
    request, start = new.request, new.request.start
    planned = plan_booking(new.status, request.wish.mode, start, moment.now, moment.clinic.reminders)
    if not request.patient.email:
        return visit, []
    return visit, plan(session, visit, recipient, planned, moment.now)


def _visit_row(id: UUID, moment: Moment, secrets: Secrets, new: NewVisit) -> dict[str, Any]:
    request, kind, chair = new.request, new.kind, new.chair
    reference = new_reference()
    wall, fold = wall_of(request.start, chair.zone)
    return {
        "id": id,
        "uid": uuid4(),
        "reference": secrets.vault.seal("visits.reference", id, reference),
        "reference_hash": secrets.lookup.hash("reference", fold_reference(reference)),
        "patient_id": new.patient,
        "practitioner_id": new.taken.practitioner,
        "practitioner": chair.practitioner.code,
        "room_id": new.taken.room,
        "location": chair.place,
        "visit_type": kind.code,
        "label": kind.label[request.patient.language],
        "mode": request.wish.mode,
        "status": new.status,
        "new_patient": request.new_patient,
        "start_wall": wall,
        "zone": chair.zone.key,
        "fold": fold,
        "tzdata": tzdata.IANA_VERSION,
        "starts_at": request.start,
        "ends_at": request.start + timedelta(minutes=kind.minutes),
        "minutes": kind.minutes,
        "buffer_before": kind.buffer_before,
        "buffer_after": kind.buffer_after,
        "clinic_version": moment.in_force.version,
        "created_at": moment.now,
        "changed_at": moment.now,
    }


def _recipient_row(id: UUID, visit: UUID, secrets: Secrets, person: Person) -> dict[str, Any]:
    vault, lookup = secrets.vault, secrets.lookup
    email, phone = person.email, person.phone
    return {
        "id": id,
        "visit_id": visit,
        "role": PATIENT,
        "name": vault.seal("recipients.name", id, person.name),
        "email": vault.seal("recipients.email", id, email) if email else None,
        "email_hash": lookup.hash("email", fold_email(email)) if email else None,
        "phone": vault.seal("recipients.phone", id, phone) if phone else None,
        "phone_hash": lookup.hash("phone", phone) if phone else None,
        "language": person.language,
        "timezone": person.timezone,
        "link_key": secrets.links.active,
        "link_generation": 0,
    }


def _link_rows(recipient: UUID, visit: UUID, desk: Desk) -> Iterator[dict[str, Any]]:
    """Both links always: a visit can become a video visit, and its join link must then be known."""
    for purpose in (MANAGE, JOIN):
        token = desk.token(desk.secrets.links.active, visit, recipient, purpose, 0)
        yield {
            "hash": token_hash(token),
            "recipient_id": recipient,
            "purpose": purpose,
            "generation": 0,
        }
