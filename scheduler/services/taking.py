"""Taking time: locks in their one order, then a look under the locks."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from scheduler.db.models import Claim, Resource
from scheduler.domain.clinic import VisitType
from scheduler.domain.errors import AlreadyBooked, SlotTaken
from scheduler.domain.schedule import Chair
from scheduler.domain.slots import Search, room_key
from scheduler.services.clinic.current import Moment
from scheduler.services.free import search_free


@dataclass(frozen=True, slots=True)
class Taking:
    """Time that is wanted: of a practitioner at a place, and of a patient."""

    chair: Chair
    start: datetime
    patient_resource: int


def lock(session: Session, resource: int) -> None:
    """Hold a resource's time until the end of the transaction."""
    session.execute(select(Resource.id).where(Resource.id == resource).with_for_update(key_share=True))


def take(session: Session, moment: Moment, search: Search, taking: Taking) -> int | None:
    """Lock practitioner, room and patient, in this order, and check that they are free; the room's id.

    Raises SlotTaken or AlreadyBooked.
    """
    lock(session, moment.in_force.resources[taking.chair.practitioner.code])
    if taking.chair not in search_free(session, moment, search).chairs_at(taking.start):
        raise SlotTaken
    room = _take_room(session, moment, search, taking) if search.needs_room else None
    lock(session, taking.patient_resource)
    if _meets(session, taking.patient_resource, visit_span(search.visit_type, taking.start)):
        raise AlreadyBooked
    return room


def _take_room(session: Session, moment: Moment, search: Search, taking: Taking) -> int:
    """The first room that is free once it is locked; rooms are locked by rising id."""
    place = taking.chair.location
    assert place
    during = claim_span(search.visit_type, taking.start)
    for room in sorted(moment.in_force.resources[room_key(place, room.code)] for room in place.rooms):
        if not _meets(session, room, during):
            lock(session, room)
            if not _meets(session, room, during):
                return room
    raise SlotTaken


def _meets(session: Session, resource: int, during: Range[datetime]) -> bool:
    found = (
        select(Claim.id).where(Claim.resource_id == resource).where(Claim.during.overlaps(during)).limit(1)
    )
    return session.execute(found).first() is not None


def visit_span(kind: VisitType, start: datetime) -> Range[datetime]:
    """The visit itself: what it takes of the patient's time."""
    return Range(start, start + timedelta(minutes=kind.minutes))


def claim_span(kind: VisitType, start: datetime) -> Range[datetime]:
    """With its buffers: what it takes of a practitioner's and a room's time."""
    before, after = timedelta(minutes=kind.buffer_before), timedelta(minutes=kind.buffer_after)
    return Range(start - before, start + timedelta(minutes=kind.minutes) + after)
