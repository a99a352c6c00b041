"""Hours beyond the weekly ones: can be booked at once, until they are taken back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from scheduler.db.models import ExtraHours, Visit
from scheduler.domain.actors import Actor
from scheduler.domain.clinic import Mode
from scheduler.domain.errors import Invalid, NotFound
from scheduler.domain.extra_hours import faults_of
from scheduler.domain.slots import Opening
from scheduler.services.audit.writing import note
from scheduler.services.ground import idempotency
from scheduler.services.ground.desk import Desk
from scheduler.services.ground.idempotency import Repeatable
from scheduler.services.hours.hit import Hit, visits_hit
from scheduler.services.slots.taking import lock

OBJECT = "extra-hours"


@dataclass(frozen=True, slots=True)
class Opened:
    entry: ExtraHours
    replayed: bool = False
    """They were entered by an earlier request with the same key."""


@dataclass(frozen=True, slots=True)
class TakenBack:
    entry: ExtraHours
    visits: Sequence[Hit]
    """What was booked there, by start; all of it stays booked."""


def open_hours(desk: Desk, extra: Opening, actor: Actor, repeatable: Repeatable | None = None) -> Opened:
    """Enter extra hours; the same once more are those that there are.

    Raises Invalid where nobody could book them, IdempotencyConflict, and NotFound where a repeat comes after
    they were taken back.
    """

    def work(session: Session) -> Opened:
        moment = desk.clinics.moment(session)
        if made := idempotency.begin(session, repeatable, moment.now):
            return Opened(_read(session, made), replayed=True)
        if faults := faults_of(moment.clinic, extra):
            raise Invalid(faults)
        resource, modes = moment.in_force.resources[extra.practitioner], sorted(map(str, extra.modes))
        during = Range(extra.start, extra.end)
        lock(session, resource)
        entry = _same(session, resource, extra.location, modes, during)
        if entry is None:
            entry = ExtraHours(
                id=uuid4(),
                resource_id=resource,
                practitioner=extra.practitioner,
                location=extra.location,
                modes=modes,
                during=during,
                created_at=moment.now,
                created_by=str(actor),
            )
            session.add(entry)
            session.flush()
            note(
                session,
                actor,
                "enter",
                OBJECT,
                str(entry.id),
                moment.now,
                {"practitioner": extra.practitioner},
            )
        idempotency.finish(session, repeatable, entry=entry.id)
        return Opened(entry)

    return desk.db.attempt(work)


def _read(session: Session, id: UUID) -> ExtraHours:
    entry = session.get(ExtraHours, id)
    if entry is None:
        raise NotFound
    return entry


def _same(
    session: Session, resource: int, location: str | None, modes: list[str], during: Range[datetime]
) -> ExtraHours | None:
    found = select(ExtraHours).where(
        ExtraHours.resource_id == resource,
        ExtraHours.location.is_not_distinct_from(location),
        ExtraHours.modes == modes,
        ExtraHours.during == during,
    )
    return session.scalars(found.limit(1)).first()


def take_back(desk: Desk, id: UUID, actor: Actor) -> TakenBack:
    """Nobody can book them any more. Raises NotFound."""

    def work(session: Session) -> TakenBack:
        entry = session.get(ExtraHours, id, with_for_update=True)
        if entry is None:
            raise NotFound
        lock(session, entry.resource_id)
        now = desk.db.now(session)
        session.delete(entry)
        note(session, actor, "delete", OBJECT, str(id), now, {"practitioner": entry.practitioner})
        there = (
            Visit.mode.in_(entry.modes),
            (Visit.mode == Mode.TELEMEDICINE) | (Visit.location == entry.location),
        )
        return TakenBack(
            entry, visits_hit(session, desk, entry.resource_id, entry.during, actor, now, *there)
        )

    return desk.db.attempt(work)
