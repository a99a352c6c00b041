"""Taking time: locks in their one order, then a look under the locks."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, Range
from sqlalchemy.orm import Session

from scheduler.db.rows import query
from scheduler.domain.errors import AlreadyBooked, SlotNotOffered, SlotTaken
from scheduler.domain.schedule import Chair
from scheduler.domain.slots import Search, free_times, offered_times, room_key
from scheduler.domain.times import local_date
from scheduler.services.clinic.current import Moment
from scheduler.services.slots.claims import Occupation, occupation
from scheduler.services.slots.taken import read_taken


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
    newcomer: bool = False
    """The patient was entered in this very transaction: nobody else has time of theirs."""


# Each booking asks these several times: they are put together once. The ranges over single ids are what the
# exclusion constraint's index knows.
LOCK = query("SELECT id FROM resources WHERE id = :id FOR NO KEY UPDATE", "id")
MET = text(
    """
    SELECT c.id FROM claims c LEFT JOIN holds h ON h.id = c.hold_id
    WHERE int8range(c.resource_id, c.resource_id, '[]') && int8range(:resource, :resource, '[]')
    AND c.during && :during AND (h.id IS NULL OR h.expires_at > :now)
    AND coalesce(c.visit_id, c.hold_id) IS DISTINCT FROM CAST(:own AS uuid)
    LIMIT 1
    """
).bindparams(bindparam("during", type_=TSTZRANGE()))
DROP_ENDED = text(
    """
    DELETE FROM claims c USING holds h WHERE h.id = c.hold_id AND h.expires_at <= :now
    AND int8range(c.resource_id, c.resource_id, '[]') && int8range(:resource, :resource, '[]')
    AND c.during && :during
    """
).bindparams(bindparam("during", type_=TSTZRANGE()))


def lock(session: Session, resource: int) -> None:
    """Hold a resource's time until the end of the transaction."""
    session.execute(LOCK, {"id": resource})


def take(session: Session, moment: Moment, search: Search, taking: Taking) -> Occupation:
    """Lock practitioner, room and patient, in this order, check that they are free; what to claim.

    Raises SlotNotOffered, SlotTaken or AlreadyBooked.
    """
    practitioner = moment.in_force.resources[taking.chair.practitioner.code]
    day = local_date(taking.start, taking.chair.zone)
    taken = occupation(search.visit_type, taking.start, day, practitioner, None, taking.patient_resource)
    lock(session, practitioner)
    if _check_practitioner(session, moment, search, taking, taken.with_buffers):
        drop_ended_holds(session, practitioner, taken.with_buffers, moment.now)
    if search.needs_room:
        taken = replace(taken, room=_take_room(session, moment, taking, taken.with_buffers))
    if taken.patient is not None and not taking.newcomer:
        lock(session, taken.patient)
        if _meets(session, moment, taking, taken.patient, taken.of_patient):
            raise AlreadyBooked
    return taken


def _check_practitioner(
    session: Session, moment: Moment, search: Search, taking: Taking, during: Range[datetime]
) -> bool:
    """Whether claims of ended holds lie about there. Raises SlotNotOffered, SlotTaken.

    The rest of the day makes a difference only where so many visits fit into a day and no more.
    """
    wanted = during if search.visit_type.daily_limit is None else None
    taken, schedule = read_taken(session, moment, search, taking.own, wanted), moment.in_force.schedule
    if taking.chair not in free_times(schedule, search, taken).chairs_at(taking.start):
        offered = offered_times(schedule, search, taken.extra).chairs_at(taking.start)
        raise SlotTaken if taking.chair in offered else SlotNotOffered
    return taken.leftovers


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
    found = session.execute(
        MET, {"resource": resource, "during": during, "now": moment.now, "own": taking.own}
    )
    return found.first() is not None


def drop_ended_holds(session: Session, resource: int, during: Range[datetime], now: datetime) -> None:
    """An exclusion constraint knows no time: claims of ended holds go before a new one comes."""
    session.execute(DROP_ENDED, {"resource": resource, "during": during, "now": now})
