"""Moving a visit: to another time, to somebody else, to another mode; in place, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import tzdata

from scheduler.db.models import Visit
from scheduler.domain.clinic import Approval, Mode
from scheduler.domain.consents import Said
from scheduler.domain.errors import ConsentRequired, GuardianRequired, SlotNotOffered, SlotTaken, TooLate
from scheduler.domain.gate import check_emergency, check_triage
from scheduler.domain.licences import check_place
from scheduler.domain.messages import MessageKind
from scheduler.domain.opening import answer_by
from scheduler.domain.overrides import Override, set_aside
from scheduler.domain.schedule import Chair
from scheduler.domain.slots import Search, offered_times
from scheduler.domain.times import local_date, wall_of
from scheduler.domain.triage import Result
from scheduler.domain.visits import VisitStatus
from scheduler.domain.wishes import Wish, search, zone_of
from scheduler.services.booking.follow_ups import tell_of_answers
from scheduler.services.booking.triage import sealed_result
from scheduler.services.changes.agreeing import agree
from scheduler.services.changes.scene import Scene
from scheduler.services.clinic.current import Moment
from scheduler.services.people.consents import lacking
from scheduler.services.people.guarding import has_guardian, is_under_age
from scheduler.services.people.needs import needs_in_mode, tell_of_needs
from scheduler.services.slots.claims import Occupation, move_claims
from scheduler.services.slots.free import alternatives
from scheduler.services.slots.taken import read_taken
from scheduler.services.slots.taking import Taking, take

CLINICS_OWN_MOVE = timedelta(hours=48)
"""For so long after a change made by the clinic the patient's own move has no cut-off."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a visit is to go; what is None stays as it is, as far as it can."""

    start: datetime | None = None
    mode: Mode | None = None
    practitioner: str | None = None
    location: str | None = None
    state: str | None = None
    """Where the patient will be, if the visit is by video."""
    override: Override | None = None
    triage: Result | None = None
    """What the safety questions came to; asked again where the mode changes."""
    consents: Sequence[str] = ()
    """What is agreed to besides."""
    client: bytes | None = None
    """Keyed hash of the address that it came from."""


def move(scene: Scene, to: Destination) -> None:
    """Take the new time, give the old one back, tell it.

    Raises TooLate, Emergency, TriageRequired, NotLicensed, GuardianRequired, ConsentRequired, Invalid,
    SlotNotOffered, SlotTaken, AlreadyBooked.
    """
    check_emergency(scene.moment.clinic, to.triage, scene.moment.now)
    _check_cut_off(scene)
    asked, start = _search(scene, to)
    chair = _chair(scene, asked, start, to)
    if to.mode is not None:
        _check_approval(scene, asked)
        _check_triage(scene, asked, to)
    agree(scene, Said(to.consents), to.client)
    if lacks := lacking(scene.session, scene.moment.clinic, asked.mode, scene.visit.id):
        raise ConsentRequired(lacks)
    _check_guardian(scene, local_date(start, chair.zone))
    taken = _take(scene, asked, Taking(chair, start, scene.patient_resource(), scene.visit.id))
    _rewrite(scene, asked, chair, taken)
    move_claims(scene.session, scene.visit.id, taken)
    if scene.order.actor.is_staff:
        scene.visit.moved_by_clinic_at = scene.moment.now
    pending = scene.status is VisitStatus.PENDING
    if pending:
        scene.visit.answer_by = answer_by(scene.moment.clinic, asked.visit_type, start, scene.moment.now)
    scene.tell(MessageKind.RECEIVED if pending else MessageKind.CHANGED)
    tell_of_needs(scene.session, scene.desk, scene.moment, scene.visit, f"moved:{scene.visit.sequence}")


def _take(scene: Scene, asked: Search, taking: Taking) -> Occupation:
    try:
        return take(scene.session, scene.moment, asked, taking)
    except SlotTaken:
        others = alternatives(scene.session, scene.moment, asked, taking.own)
        raise SlotTaken(others, asked.visit_type.minutes, asked.zone) from None


def _check_cut_off(scene: Scene) -> None:
    if not scene.order.actor.is_staff and past_cut_off(scene.moment, scene.visit):
        raise TooLate


def past_cut_off(moment: Moment, visit: Visit) -> bool:
    """Whether the patient has to phone to move or convert it."""
    kind, now, moved = moment.clinic.visit_type(visit.visit_type), moment.now, visit.moved_by_clinic_at
    if moved is not None and now - moved < CLINICS_OWN_MOVE and now < visit.starts_at:
        return False
    return visit.starts_at - now < timedelta(minutes=kind.cutoff if kind else 0)


def _search(scene: Scene, to: Destination) -> tuple[Search, datetime]:
    visit, moment = scene.visit, scene.moment
    mode = to.mode or Mode(visit.mode)
    same_place = visit.location if mode == visit.mode else None
    location = to.location or (same_place if to.practitioner is None else None)
    wish = Wish(
        visit.visit_type,
        mode,
        to.practitioner or visit.practitioner,
        location,
        to.state or visit.state,
        needs_in_mode(moment.clinic, scene.desk.secrets.vault, visit, mode),
    )
    start = to.start or visit.starts_at
    check_place(moment.clinic, wish, start)
    day = local_date(start, zone_of(moment.clinic, wish))
    asked = search(moment.clinic, wish, day, day, moment.now)
    return set_aside(asked, to.override, moment.now), start


def _chair(scene: Scene, asked: Search, start: datetime, to: Destination) -> Chair:
    taken = read_taken(scene.session, scene.moment, asked, scene.visit.id)
    chairs = offered_times(scene.moment.in_force.schedule, asked, taken.extra).chairs_at(start)
    if not chairs:
        raise SlotNotOffered
    return chairs[0]


def _check_guardian(scene: Scene, day: date) -> None:
    """A visit can move to before the day on which the patient comes of age."""
    if is_under_age(scene.session, scene.desk, scene.visit, day) and not has_guardian(
        scene.session, scene.visit
    ):
        raise GuardianRequired


def _check_triage(scene: Scene, asked: Search, to: Destination) -> None:
    """Whoever stays with the mode that they have is not asked again; an emergency is one all the same."""
    same = asked.mode == scene.visit.mode
    kind = replace(asked.visit_type, triage=asked.visit_type.triage and not same)
    check_triage(scene.moment.clinic, kind, asked.mode, to.triage, to.override, scene.moment.now)
    if to.triage and kind.triage:
        vault, visit = scene.desk.secrets.vault, scene.visit
        visit.triage = sealed_result(vault, visit.id, to.triage)
        tell_of_answers(scene.session, visit, to.triage, scene.moment.now)


def _check_approval(scene: Scene, asked: Search) -> None:
    """A mode that staff have to approve is asked for by phone; staff's own conversion is the approval."""
    if not scene.order.actor.is_staff and asked.visit_type.modes[asked.mode] is Approval.STAFF:
        raise TooLate


def _rewrite(scene: Scene, asked: Search, chair: Chair, taken: Occupation) -> None:
    """A move takes today's length, buffers and label."""
    visit, start = scene.visit, taken.start
    visit.start_wall, visit.fold = wall_of(start, chair.zone)
    visit.zone, visit.tzdata = chair.zone.key, tzdata.IANA_VERSION
    visit.starts_at, visit.ends_at = start, start + timedelta(minutes=taken.minutes)
    visit.minutes, visit.buffer_before, visit.buffer_after = taken.minutes, taken.before, taken.after
    visit.practitioner, visit.practitioner_id = chair.practitioner.code, taken.practitioner
    visit.location, visit.room_id, visit.mode = chair.place, taken.room, asked.mode
    visit.state, visit.confirmed_at = asked.state or visit.state, None
    visit.clinic_version = scene.moment.in_force.version
