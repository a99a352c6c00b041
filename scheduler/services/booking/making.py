"""Booking a visit: the rules again, then locks, then the rows, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy.orm import Session

from scheduler.db.models import Hold
from scheduler.domain.booking import BookingRequest, search_for
from scheduler.domain.errors import SlotTaken
from scheduler.domain.messages import Hint
from scheduler.domain.schedule import Chair
from scheduler.domain.slots import Search
from scheduler.services.booking.follow_ups import open_follow_ups
from scheduler.services.booking.newcomers import check_first_visit
from scheduler.services.booking.recording import NewVisit, record, write_up
from scheduler.services.clinic.current import Moment
from scheduler.services.ground import idempotency
from scheduler.services.ground.desk import Desk
from scheduler.services.ground.idempotency import Repeatable
from scheduler.services.people.patients import Recognised, recognise
from scheduler.services.slots.choosing import attempt, give_to_first_free, taken_by_another
from scheduler.services.slots.converting import HoldEnded, keep, live_hold, search_held, use_up
from scheduler.services.slots.taking import Taking, take
from scheduler.services.visits.reading import VisitView, view


@dataclass(frozen=True, slots=True)
class Booked:
    """What a booking made: the visit as it is now, and the messages that are due at once."""

    visit: VisitView
    due: Sequence[Hint] = ()
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """What a request comes down to: when and with whom, in time that is free or was held."""

    request: BookingRequest
    search: Search
    chair: Chair
    hold: Hold | None = None

    def taking(self, patient: Recognised) -> Taking:
        own, room = (self.hold.id, self.hold.room_id) if self.hold else (None, None)
        return Taking(self.chair, self.request.start, patient.resource, own, room, patient.newcomer)


def book(desk: Desk, request: BookingRequest, repeatable: Repeatable | None = None) -> Booked:
    """Book the time that was held, else with one of those who could give it.

    Raises Invalid, NotLicensed, GuardianRequired, ConsentRequired, SlotNotOffered, SlotTaken (with the next
    free times), AlreadyBooked, IdempotencyConflict.
    """
    made_before = partial(_made_before, desk, repeatable)
    return idempotency.once(made_before, partial(_book_now, desk, request, repeatable))


def _made_before(desk: Desk, repeatable: Repeatable | None) -> Booked | None:
    if repeatable is None:
        return None
    with desk.db.transaction() as session:
        made = idempotency.effect(session, repeatable)
        return Booked(view(session, desk, made), replayed=True) if made else None


def _book_now(desk: Desk, request: BookingRequest, repeatable: Repeatable | None) -> Booked:
    search_at = partial(_search_at, request)
    if hold := live_hold(desk, request):
        try:
            return attempt(desk, partial(_book_held, desk, request, repeatable, hold))
        except HoldEnded:
            pass  # in this very moment: it counts as none
        except SlotTaken:
            raise taken_by_another(desk, search_at) from None
    give = partial(_book_with, desk, request, repeatable)
    return give_to_first_free(desk, request.start, search_at, give)


def _search_at(request: BookingRequest, moment: Moment) -> Search:
    return search_for(moment.clinic, request, moment.now)


def _book_with(
    desk: Desk,
    request: BookingRequest,
    repeatable: Repeatable | None,
    chair: Chair,
    moment: Moment,
    session: Session,
) -> Booked:
    if made := idempotency.begin(session, repeatable, moment.now):
        return Booked(view(session, desk, made), replayed=True)
    choice = Choice(request, _search_at(request, moment), chair)
    return _enter(session, desk, moment, repeatable, choice)


def _book_held(
    desk: Desk, request: BookingRequest, repeatable: Repeatable | None, hold: Hold, session: Session
) -> Booked:
    moment = desk.clinics.moment(session)
    if made := idempotency.begin(session, repeatable, moment.now):
        return Booked(view(session, desk, made), replayed=True)
    choice = Choice(request, *search_held(moment, request, hold), hold)
    return _enter(session, desk, moment, repeatable, choice)


def _enter(
    session: Session, desk: Desk, moment: Moment, repeatable: Repeatable | None, choice: Choice
) -> Booked:
    request, kind = choice.request, choice.search.visit_type
    patient = recognise(session, request.known_by, desk.secrets, moment.now)
    hold = choice.hold.id if choice.hold else None
    written = write_up(session, desk, moment, NewVisit(request, kind, choice.chair, patient.patient, hold))
    if choice.hold:
        keep(session, choice.hold, moment.now)
    taken = take(session, moment, choice.search, choice.taking(patient))
    check_first_visit(session, moment, request, kind, patient.patient)
    due = record(session, written, taken)
    if hold:
        use_up(session, hold)
    result = request.triage if kind.triage else None
    open_follow_ups(session, desk, moment, written.visit, patient.alike, result)
    idempotency.finish(session, repeatable, visit=written.visit.id)
    return Booked(written.view, due)
