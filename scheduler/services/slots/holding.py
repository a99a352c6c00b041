"""Holding time: taken like a visit, for ten minutes, by whoever knows the id."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from math import ceil
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from scheduler.db.dropping import drop_some
from scheduler.db.models import Claim, Hold
from scheduler.domain import holds
from scheduler.domain.clinic import Clinic
from scheduler.domain.errors import NotFound, RateLimited
from scheduler.domain.gate import check_triage
from scheduler.domain.holds import Ceilings, HoldRequest
from scheduler.domain.licences import check_place
from scheduler.domain.needs import extra_minutes
from scheduler.domain.schedule import Chair
from scheduler.domain.slots import Search
from scheduler.domain.times import local_date
from scheduler.domain.wishes import search, visit_type_of, zone_of
from scheduler.services.clinic.current import Moment
from scheduler.services.ground import idempotency
from scheduler.services.ground.desk import Desk
from scheduler.services.ground.idempotency import Repeatable
from scheduler.services.slots.choosing import TooMuchHeld, give_to_first_free
from scheduler.services.slots.claims import Occupation, claim_for_hold
from scheduler.services.slots.taken import read_taken
from scheduler.services.slots.taking import Taking, lock, take

KEPT = timedelta(minutes=1)
"""For so long an ended hold lies about: whoever books with it does not meet the one who clears it away."""


@dataclass(frozen=True, slots=True)
class HoldView:
    """A hold as its holder sees it; instants carry the zone in which the visit would be promised."""

    id: UUID
    expires_at: datetime
    start: datetime
    end: datetime
    practitioner: str
    location: str | None


@dataclass(frozen=True, slots=True)
class Held:
    hold: HoldView
    replayed: bool = False


def hold(desk: Desk, request: HoldRequest, ceilings: Ceilings, repeatable: Repeatable | None = None) -> Held:
    """Hold a time of one of those who could give it.

    Raises Emergency, TriageRequired, Invalid, NotLicensed, SlotNotOffered, SlotTaken (with the next free
    times), RateLimited, IdempotencyConflict.
    """
    give = partial(_hold_with, desk, request, ceilings, repeatable)
    asked = partial(_search, request)
    return idempotency.once(
        partial(_made_before, desk, repeatable),
        partial(give_to_first_free, desk, request.start, asked, give),
    )


def release(desk: Desk, id: UUID) -> None:
    """Give the time back. Raises NotFound for a hold that was never there, or is no longer."""
    with desk.db.transaction() as session:
        row = session.get(Hold, id)
        if row is None or row.expires_at <= desk.db.now(session):
            raise NotFound
        lock(session, row.practitioner_id)  # so that whoever books with it has done so, or has not begun
        released = delete(Hold).where(Hold.id == id).returning(Hold.id)
        if session.execute(released).first() is None:
            raise NotFound


def drop_ended(session: Session, now: datetime) -> int:
    """Clear ended holds away, with what is left of their claims; how many."""
    return drop_some(session, Hold, Hold.expires_at <= now - KEPT)


def _made_before(desk: Desk, repeatable: Repeatable | None) -> Held | None:
    if repeatable is None:
        return None
    with desk.db.transaction() as session:
        made = idempotency.effect(session, repeatable)
        return _again(desk, session, made) if made else None


def _again(desk: Desk, session: Session, id: UUID) -> Held | None:
    """A hold that was made by an earlier request, unless it went away this moment."""
    row = session.get(Hold, id)
    return Held(_view(row, desk.clinics.moment(session).clinic), replayed=True) if row else None


def _view(row: Hold, clinic: Clinic) -> HoldView:
    place = clinic.location(row.location) if row.location else None
    zone = (place or clinic.practitioner(row.practitioner) or clinic).timezone
    return HoldView(
        id=row.id,
        expires_at=row.expires_at.astimezone(zone),
        start=row.starts_at.astimezone(zone),
        end=row.ends_at.astimezone(zone),
        practitioner=row.practitioner,
        location=row.location,
    )


def _search(request: HoldRequest, moment: Moment) -> Search:
    kind = visit_type_of(moment.clinic, request.wish)
    check_triage(moment.clinic, kind, request.wish.mode, request.triage, None, moment.now)
    check_place(moment.clinic, request.wish, request.start)
    day = local_date(request.start, zone_of(moment.clinic, request.wish))
    return search(moment.clinic, request.wish, day, day, moment.now)


def _hold_with(
    desk: Desk,
    request: HoldRequest,
    ceilings: Ceilings,
    repeatable: Repeatable | None,
    chair: Chair,
    moment: Moment,
    session: Session,
) -> Held:
    made = idempotency.begin(session, repeatable, moment.now)
    if made and (again := _again(desk, session, made)):
        return again
    if request.client:
        _check_client(session, request.client, moment.now, ceilings.at_once)
    asked = _search(request, moment)
    taken = take(session, moment, asked, Taking(chair, request.start, None))
    if request.client:
        _check_day(session, moment, asked, chair, taken, ceilings.share)
    row = _enter(session, request, chair, taken, moment)
    idempotency.finish(session, repeatable, hold=row.id)
    return Held(_view(row, moment.clinic))


def _enter(session: Session, request: HoldRequest, chair: Chair, taken: Occupation, moment: Moment) -> Hold:
    now = moment.now
    row = Hold(
        id=uuid4(),
        visit_type=request.wish.visit_type,
        mode=request.wish.mode,
        starts_at=taken.start,
        ends_at=taken.of_patient.upper,
        practitioner=chair.practitioner.code,
        practitioner_id=taken.practitioner,
        room_id=taken.room,
        location=chair.place,
        wish_practitioner=request.wish.practitioner,
        wish_location=request.wish.location,
        extra_minutes=extra_minutes(moment.clinic, request.wish.needs),
        client=request.client,
        created_at=now,
        expires_at=now + holds.LASTS,
    )
    session.add(row)
    session.flush()
    claim_for_hold(session, row.id, taken)
    return row


def _check_client(session: Session, client: bytes, now: datetime, most: int) -> None:
    """One after the other for each client, or two at once would both be the last one. Raises RateLimited."""
    session.execute(select(func.pg_advisory_xact_lock(int.from_bytes(client[:8], signed=True))))
    present = select(Hold.expires_at).where(Hold.client == client, Hold.expires_at > now)
    ends = session.scalars(present.order_by(Hold.expires_at)).all()
    if len(ends) >= most:
        raise RateLimited(_seconds_until(ends[0], now))


def _check_day(
    session: Session, moment: Moment, asked: Search, chair: Chair, wanted: Occupation, share: float
) -> None:
    """Under the practitioner's lock, which `take` took. Raises TooMuchHeld."""
    day = wanted.on_date
    rows = session.execute(
        select(func.lower(Claim.during), func.upper(Claim.during), Hold.expires_at)
        .join(Hold, Hold.id == Claim.hold_id)
        .where(Claim.resource_id == wanted.practitioner, Claim.on_date == day)
        .where(Hold.client.is_not(None), Hold.expires_at > moment.now)
    ).all()
    taken = read_taken(session, moment, asked.between(day, day))
    held = [(start, end) for start, end, _ in rows]
    begins, ends = wanted.with_buffers.lower, wanted.with_buffers.upper
    assert begins and ends
    if not holds.leaves_enough(moment.in_force.schedule, chair, day, taken, held, (begins, ends), share):
        raise TooMuchHeld(_seconds_until(min(until for *_, until in rows), moment.now))


def _seconds_until(end: datetime, now: datetime) -> int:
    return max(1, ceil((end - now).total_seconds()))
