"""Taking time: locks in their one order, then a look under the locks."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from scheduler.db.models import Claim, Hold, Resource
from scheduler.domain.errors import AlreadyBooked, SlotNotOffered, SlotTaken
from scheduler.domain.schedule import Chair
from scheduler.domain.slots import Search, free_times, offered_times, room_key
from scheduler.domain.times import local_date
from scheduler.services.claims import Occupation, occupation
from scheduler.services.clinic.current import Moment
from scheduler.services.taken import read_taken


@dataclass(frozen=True, slots=True)
class Taking:
    """Time that is wanted: of a practitioner at a place, and of a patient where there is one yet.

    `own` is the visit or hold whose present time does not stand in the way.
    """

    chair: Chair
    start: datetime
    patient_resource: int | None
    own: UUID | None = None
    room: int | None = None
    """The one room that will do; any of the place where there is none."""


def lock(session: Session, resource: int) -> None:
    """Hold a resource's time until the end of the transaction."""
    session.execute(select(Resource.id).where(Resource.id == resource).with_for_update(key_share=True))


def take(session: Session, moment: Moment, search: Search, taking: Taking) -> Occupation:
    """Lock practitioner, room and patient, in this order, check that they are free; what to claim.

    Raises SlotNotOffered, SlotTaken or AlreadyBooked.
    """
    practitioner = moment.in_force.resources[taking.chair.practitioner.code]
    day = local_date(taking.start, taking.chair.zone)
    taken = occupation(search.visit_type, taking.start, day, practitioner, None, taking.patient_resource)
    lock(session, practitioner)
    _check_practitioner(session, moment, search, taking)
    drop_ended_holds(session, practitioner, taken.with_buffers, moment.now)
    if search.needs_room:
        taken = replace(taken, room=_take_room(session, moment, taking, taken.with_buffers))
    if taken.patient is not None:
        lock(session, taken.patient)
        if _meets(session, moment, taking, taken.patient, taken.of_patient):
            raise AlreadyBooked
    return taken


def _check_practitioner(session: Session, moment: Moment, search: Search, taking: Taking) -> None:
    taken, schedule = read_taken(session, moment, search, taking.own), moment.in_force.schedule
    if taking.chair not in offered_times(schedule, search, taken.extra).chairs_at(taking.start):
        raise SlotNotOffered
    if taking.chair not in free_times(schedule, search, taken).chairs_at(taking.start):
        raise SlotTaken


def _take_room(session: Session, moment: Moment, taking: Taking, during: Range[datetime]) -> int:
    """The first room that is free once it is locked; rooms are locked by rising id."""
    place = taking.chair.location
    assert place
    rooms = [moment.in_force.resources[room_key(place, room.code)] for room in place.rooms]
    for room in [taking.room] if taking.room else sorted(rooms):
        if not _meets(session, moment, taking, room, during):
            lock(session, room)
            if not _meets(session, moment, taking, room, during):
                drop_ended_holds(session, room, during, moment.now)
                return room
    raise SlotTaken


def _meets(session: Session, moment: Moment, taking: Taking, resource: int, during: Range[datetime]) -> bool:
    """Whether somebody else has some of that time."""
    found = (
        select(Claim.id)
        .outerjoin(Hold, Hold.id == Claim.hold_id)
        .where(Claim.meets(resource, during))
        .where(Hold.id.is_(None) | (Hold.expires_at > moment.now))
        .where(func.coalesce(Claim.visit_id, Claim.hold_id).is_distinct_from(taking.own))
        .limit(1)
    )
    return session.execute(found).first() is not None


def drop_ended_holds(session: Session, resource: int, during: Range[datetime], now: datetime) -> None:
    """An exclusion constraint knows no time: claims of ended holds go before a new one comes."""
    ended = select(Hold.id).where(Hold.expires_at <= now)
    session.execute(delete(Claim).where(Claim.meets(resource, during), Claim.hold_id.in_(ended)))
