"""Time off: in force at once, over whatever is booked. It frees nothing and cancels nobody: people call."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID, uuid4

from sqlalchemy import func, select, tuple_
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from scheduler.db.models import ExtraHours, TimeOff
from scheduler.domain.actors import Actor
from scheduler.domain.errors import Fault, Invalid, NotFound
from scheduler.services.audit.writing import note
from scheduler.services.ground import idempotency
from scheduler.services.ground.desk import Desk
from scheduler.services.ground.idempotency import Repeatable
from scheduler.services.ground.pages import Page, cut
from scheduler.services.hours.hit import Hit, visits_hit
from scheduler.services.slots.taking import lock

OBJECT = "time-off"

Entry = TypeVar("Entry", TimeOff, ExtraHours)


@dataclass(frozen=True, slots=True)
class Away:
    entry: TimeOff
    visits: Sequence[Hit]
    """Which it hits, by start."""
    replayed: bool = False
    """It was entered by an earlier request with the same key."""


def take_off(
    desk: Desk,
    practitioner: str,
    start: datetime,
    end: datetime,
    actor: Actor,
    repeatable: Repeatable | None = None,
) -> Away:
    """Enter time off. Raises Invalid for somebody whom the clinic does not have, IdempotencyConflict, and
    NotFound where a repeat comes after it was taken back.

    Under the lock that bookings take: one is either there before, and is listed, or finds the time off.
    The same once more is the entry that there is: an answer that got lost is asked for by a repeat.
    """

    def work(session: Session) -> Away:
        moment = desk.clinics.moment(session)
        if made := idempotency.begin(session, repeatable, moment.now):
            return replace(read_time_off(session, desk, made, actor, moment.now), replayed=True)
        if moment.clinic.practitioner(practitioner) is None:
            raise Invalid([Fault("/practitioner", "unknown")])
        resource = moment.in_force.resources[practitioner]
        lock(session, resource)
        same = select(TimeOff).where(TimeOff.resource_id == resource, TimeOff.during == Range(start, end))
        entry = session.scalars(same.limit(1)).first()
        if entry is None:
            entry = TimeOff(
                id=uuid4(),
                resource_id=resource,
                practitioner=practitioner,
                during=Range(start, end),
                created_at=moment.now,
                created_by=str(actor),
            )
            session.add(entry)
            session.flush()
            note(session, actor, "enter", OBJECT, str(entry.id), moment.now, {"practitioner": practitioner})
        idempotency.finish(session, repeatable, entry=entry.id)
        return _with_visits(session, desk, entry, actor, moment.now)

    return desk.db.attempt(work)


def read_time_off(session: Session, desk: Desk, id: UUID, actor: Actor, now: datetime) -> Away:
    """The entry, and whom it hits by now. Raises NotFound."""
    entry = session.get(TimeOff, id)
    if entry is None:
        raise NotFound
    return _with_visits(session, desk, entry, actor, now)


def upcoming(
    session: Session,
    table: type[Entry],
    practitioner: str | None,
    since: datetime,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> Page[Entry, UUID]:
    """Time off, or extra hours, that has not ended by `since`; the earliest first."""
    begins = func.lower(table.during)
    query = select(table).where(func.upper(table.during) > since)
    if practitioner is not None:
        query = query.where(table.practitioner == practitioner)
    if after:
        query = query.where(tuple_(begins, table.id) > after)
    found = session.scalars(query.order_by(begins, table.id).limit(limit + 1)).all()
    return cut(found, limit, lambda entry: (_begins(entry.during), entry.id))


def end_time_off(desk: Desk, id: UUID, actor: Actor) -> TimeOff:
    """The time can be booked again; the entry as it was. Raises NotFound."""

    def work(session: Session) -> TimeOff:
        entry = session.get(TimeOff, id, with_for_update=True)
        if entry is None:
            raise NotFound
        lock(session, entry.resource_id)
        session.delete(entry)
        detail = {"practitioner": entry.practitioner}
        note(session, actor, "delete", OBJECT, str(id), desk.db.now(session), detail)
        return entry

    return desk.db.attempt(work)


def _begins(during: Range[datetime]) -> datetime:
    assert during.lower
    return during.lower


def _with_visits(session: Session, desk: Desk, entry: TimeOff, actor: Actor, now: datetime) -> Away:
    return Away(entry, visits_hit(session, desk, entry.resource_id, entry.during, actor, now))
