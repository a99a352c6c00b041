"""Booking a visit: the rules again, then locks, then the rows, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from scheduler.db.engine import EXCLUSION, sqlstate
from scheduler.domain.booking import BookingRequest, search_for
from scheduler.domain.errors import Conflict, SlotNotOffered, SlotTaken
from scheduler.domain.messages import Hint
from scheduler.domain.schedule import Chair
from scheduler.domain.slots import Search, free_times, offered_times
from scheduler.services import idempotency
from scheduler.services.clinic.current import Moment
from scheduler.services.desk import Desk
from scheduler.services.free import alternatives
from scheduler.services.history import note_act
from scheduler.services.idempotency import Repeatable
from scheduler.services.patients import recognise
from scheduler.services.recording import NewVisit, record
from scheduler.services.taken import read_taken
from scheduler.services.taking import Taking, take
from scheduler.services.visits import VisitView, view


@dataclass(frozen=True, slots=True)
class Booked:
    """What a booking made: the visit as it is now, and the messages that are due at once."""

    visit: VisitView
    due: Sequence[Hint] = ()
    replayed: bool = False


def book(desk: Desk, request: BookingRequest, repeatable: Repeatable | None = None) -> Booked:
    """Book a visit with one of those who could give it, each tried in a transaction of its own.

    Raises Invalid, SlotNotOffered, SlotTaken (with the next free times), AlreadyBooked, IdempotencyConflict.
    """
    if made := _made_before(desk, repeatable):
        return made
    try:
        return _book_first_free(desk, request, repeatable)
    except Conflict:
        if made := _made_before(desk, repeatable):  # by our own earlier try, which took the time
            return made
        raise


def _made_before(desk: Desk, repeatable: Repeatable | None) -> Booked | None:
    if repeatable is None:
        return None
    with desk.db.transaction() as session:
        made = idempotency.effect(session, repeatable)
        return Booked(view(session, desk, made), replayed=True) if made else None


def _book_first_free(desk: Desk, request: BookingRequest, repeatable: Repeatable | None) -> Booked:
    with desk.db.reading() as connection:
        moment = desk.clinics.moment(connection)
        search = search_for(moment.clinic, request, moment.now)
        chairs = _by_load(connection, moment, request.start, search)
    for chair in chairs:
        try:
            return desk.db.attempt(partial(_book_with, desk, request, chair, repeatable))
        except SlotTaken:
            continue
        except IntegrityError as error:
            if sqlstate(error) != EXCLUSION:
                raise
    with desk.db.reading() as connection:
        others = alternatives(connection, desk.clinics.moment(connection), search)
    raise SlotTaken(others, search.visit_type.minutes, search.zone)


def _by_load(connection: Connection, moment: Moment, start: datetime, search: Search) -> list[Chair]:
    """Who is free then; those with the fewest visits on that day first.

    Raises SlotNotOffered for a time that the clinic never gives.
    """
    taken, schedule = read_taken(connection, moment, search), moment.in_force.schedule
    if not offered_times(schedule, search, taken.extra).chairs_at(start):
        raise SlotNotOffered
    chairs = free_times(schedule, search, taken).chairs_at(start)
    return sorted(chairs, key=lambda chair: taken.loads.get((chair.practitioner.code, search.first), 0))


def _book_with(
    desk: Desk, request: BookingRequest, chair: Chair, repeatable: Repeatable | None, session: Session
) -> Booked:
    moment = desk.clinics.moment(session)
    if made := idempotency.begin(session, repeatable, moment.now):
        return Booked(view(session, desk, made), replayed=True)
    search = search_for(moment.clinic, request, moment.now)
    patient, patient_resource = recognise(session, request.known_by, desk.secrets, moment.now)
    taken = take(session, moment, search, Taking(chair, request.start, patient_resource))
    visit = NewVisit(request, search.visit_type, chair, patient, taken)
    made, due = record(session, desk, moment, visit)
    reason = request.override.reason if request.override else None
    note_act(session, made, request.actor, "book", None, visit.status, 0, moment.now, reason)
    idempotency.finish(session, repeatable, made, 201)
    return Booked(view(session, desk, made), due)
