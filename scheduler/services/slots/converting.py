"""Holds that become visits."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from scheduler.db.models import Claim, Hold
from scheduler.domain.booking import BookingRequest, search_for
from scheduler.domain.clinic import Mode
from scheduler.domain.errors import Fault, Invalid, SlotNotOffered, SlotTaken
from scheduler.domain.holds import Held
from scheduler.domain.needs import extra_minutes
from scheduler.domain.schedule import Chair
from scheduler.domain.slots import Search, candidates
from scheduler.domain.wishes import Wish
from scheduler.services.clinic.current import Moment
from scheduler.services.ground.desk import Desk
from scheduler.services.slots.taking import lock


class HoldEnded(Exception):
    """The hold ended before its claims were ours: it counts as none."""


def live_hold(desk: Desk, request: BookingRequest) -> Hold | None:
    """The hold that a booking names, if it still holds.

    Raises Invalid where the booking asks for something else than was held.
    """
    if request.hold is None:
        return None
    with desk.db.transaction() as session:
        hold = session.get(Hold, request.hold)
        if hold is None or hold.expires_at <= desk.db.now(session):
            return None
    wish = Wish(hold.visit_type, Mode(hold.mode), hold.wish_practitioner, hold.wish_location)
    held = Held(wish, hold.starts_at, hold.practitioner, hold.location)
    if faults := list(held.differences(request.wish, request.start)):
        raise Invalid(faults)
    return hold


def search_held(moment: Moment, request: BookingRequest, hold: Hold) -> tuple[Search, Chair]:
    """The search whose answer must hold the time that was held, and who gives it.

    The notice and the horizon are those of the moment at which it was held.
    """
    wish = replace(request.wish, practitioner=hold.practitioner, location=hold.location)
    search = search_for(moment.clinic, replace(request, wish=wish), moment.now, hold.created_at)
    search = replace(search, earliest=max(search.earliest, moment.now))
    if extra_minutes(moment.clinic, request.wish.needs) != hold.extra_minutes:
        raise Invalid([Fault("/needs", "not-as-held")])
    chairs = candidates(moment.in_force.schedule, search)
    if not chairs:
        raise SlotNotOffered
    return search, chairs[0]


def keep(session: Session, hold: Hold, now: datetime) -> None:
    """Lock the practitioner and look again: who comes second with the same hold finds nothing.

    Raises SlotTaken where the hold was used or given back meanwhile, HoldEnded where its time ran out.
    """
    lock(session, hold.practitioner_id)
    present = session.execute(
        select(Hold.expires_at, Claim.id)
        .outerjoin(Claim, (Claim.hold_id == Hold.id) & (Claim.resource_id == hold.practitioner_id))
        .where(Hold.id == hold.id)
    ).first()
    if present is None:
        raise SlotTaken
    if present.expires_at <= now or present.id is None:
        raise HoldEnded


def use_up(session: Session, hold: UUID) -> None:
    """Its claims are the visit's by now; nothing is left of it."""
    session.execute(delete(Hold).where(Hold.id == hold))
