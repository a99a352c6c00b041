"""Free times to which a visit can go: the first one on top, then the days; with the same person, unless
somebody asks for others."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, request

from scheduler.api.runtime import runtime
from scheduler.domain.clinic import Clinic, Mode, Practitioner
from scheduler.domain.slots import Slot
from scheduler.domain.times import local_date
from scheduler.domain.visits import Act
from scheduler.messages.moments import Moment as Spoken
from scheduler.messages.moments import moment as spoken
from scheduler.services.changes.moving import Destination
from scheduler.services.changes.own_visit import OwnVisit
from scheduler.services.changes.times import find_slots_to_move
from scheduler.services.clinic.states import US_STATES
from scheduler.services.slots.free import NOT_LICENSED, Found
from scheduler.web.forms import day_of
from scheduler.web.free_days import ZONES, days, zone_choices
from scheduler.web.going import go
from scheduler.web.my.asking import to_answer_first
from scheduler.web.my.holding import own
from scheduler.web.my.showing import show, visit_page
from scheduler.web.pages import Pages
from scheduler.web.speech import address, language

LOOK = timedelta(days=27)
"""So far one view looks for its days."""


def add_to(pages: Pages) -> None:
    pages.get("/<uuid:id>/move")(show_times)


@dataclass(frozen=True, slots=True)
class View:
    """Which times somebody wants to see."""

    mode: Mode
    state: str | None
    practitioner: str | None
    """None for anybody."""
    location: str | None
    zone: ZoneInfo
    first: date | None
    """The earliest day; None for as soon as possible."""

    @property
    def filters(self) -> dict[str, str]:
        """As they stand in an address."""
        given = {"mode": self.mode, "state": self.state, "location": self.location, "zone": self.zone.key}
        filled = {name: value for name, value in given.items() if value}
        return {**filled, "practitioner": self.practitioner or ""}

    @property
    def to(self) -> Destination:
        return Destination(
            mode=self.mode, practitioner=self.practitioner, location=self.location, state=self.state
        )


def wished(seen: OwnVisit) -> View:
    """What the address or the form asks for; what it cannot mean is passed over."""
    clinic, visit, asked = seen.clinic, seen.visit, request.values
    mode = _mode(seen, asked.get("mode", ""))
    in_person = mode is Mode.IN_PERSON
    who = clinic.practitioner(asked.get("practitioner", visit.practitioner))
    place = clinic.location(asked.get("location", "")) if in_person else None
    return View(
        mode=mode,
        state=None if in_person else _state(asked.get("state", "")) or visit.state,
        practitioner=who.code if who else None,
        location=place.code if place else None,
        zone=place.timezone if place else clinic.timezone if in_person else _zone(seen),
        first=day_of(asked.get("from", "")),
    )


def _mode(seen: OwnVisit, asked: str) -> Mode:
    other = seen.other.mode if seen.other and Act.CONVERT in seen.can else None
    return other if other and asked == other else seen.visit.mode


def _state(asked: str) -> str | None:
    return asked if asked in US_STATES else None


def _zone(seen: OwnVisit) -> ZoneInfo:
    """By whose clock the patient reads: the one they choose, else their own, else that of the visit."""
    asked, known = request.values.get("zone", ""), seen.contact.timezone or seen.visit.timezone
    return ZoneInfo(asked if asked in ZONES else known)


def show_times(id: UUID) -> Response:
    seen = own()
    view = wished(seen)
    return not_now(seen, view) or times_page(seen, view)


def not_now(seen: OwnVisit, view: View) -> Response | None:
    """Where somebody has to go who cannot move the visit, or has to answer something first."""
    converting = view.mode is not seen.visit.mode
    if (Act.CONVERT if converting else Act.RESCHEDULE) not in seen.can:
        return visit_page(409, refused="too-late" if seen.too_late else "illegal-transition")
    if not converting:
        return None
    if view.mode is Mode.TELEMEDICINE and view.state is None:
        return go(address("my.show_convert", id=seen.visit.id))
    return to_answer_first(seen)


def times_page(seen: OwnVisit, view: View, lost: Sequence[Slot] | None = None) -> Response:
    """`lost`: the chosen time is not to be had, and these are free instead."""
    today = local_date(seen.moment.now, view.zone)
    first = max(view.first or today, today)
    view, found = _with_somebody(seen, view, first)
    slots = found.slots
    free = [each for each in slots if each.start != seen.visit.start]
    same = [each for each in slots if each.start == seen.visit.start]
    shown, later = days(free, view.zone, seen.clinic, language(), lambda slot: _value(slot, seen))
    filters: dict[str, object] = {**view.filters, "id": seen.visit.id}
    more = later.date.isoformat() if later else None
    by_video, converting = view.mode is Mode.TELEMEDICINE, view.mode is not seen.visit.mode
    return show(
        "times",
        seen,
        200 if lost is None else 409,
        view=view,
        converting=converting,
        zone_name=spoken(seen.moment.now, view.zone, language()).zone,
        zones=list(zone_choices(view.zone, seen.moment.now, language())) if by_video else [],
        same=_offers(same[:1], seen, view) if converting and lost is None else [],
        first=_offers(free[:1], seen, view) if first == today else [],
        days=shown,
        later=address("my.show_times", **filters, **{"from": more}) if more else None,
        earlier=address("my.show_times", **filters) if first > today else None,
        lost=None if lost is None else _offers(lost, seen, view),
        not_licensed=found.reason == NOT_LICENSED,
        givers=_givers(seen, view),
        places=[] if by_video else seen.clinic.locations,
    )


def _with_somebody(seen: OwnVisit, view: View, first: date) -> tuple[View, Found]:
    """With the same person as before; with anybody, where they have no time and nobody asked for them."""
    found = _found(seen, view, first)
    if found.free or "practitioner" in request.values:
        return view, found
    anybody = replace(view, practitioner=None)
    return anybody, _found(seen, anybody, first)


def _found(seen: OwnVisit, view: View, first: date) -> Found:
    """From that day on, or from the next one that has times."""
    desk, id = runtime().desk, seen.visit.id
    found = find_slots_to_move(desk, id, view.to, first, first + LOOK)
    if found.free or found.next_available is None:
        return found
    later = local_date(found.next_available, found.zone)
    return find_slots_to_move(desk, id, view.to, later, later + LOOK)


def _givers(seen: OwnVisit, view: View) -> list[Practitioner]:
    kind = seen.clinic.visit_type(seen.visit.visit_type)
    if kind is None:
        return []
    chairs = seen.moment.in_force.schedule.chairs(kind, view.mode, None, view.location)
    codes = {chair.practitioner.code for chair in chairs}
    return [each for each in seen.clinic.practitioners if each.code in codes]


# ------------------------------------------------------------------------------------------------ one of them


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the button of a time says: when, where, and with whom."""

    start: datetime
    location: str | None
    practitioner: str


def _value(slot: Slot, seen: OwnVisit) -> str:
    same = seen.visit.practitioner in slot.practitioners
    who = seen.visit.practitioner if same else slot.practitioners[0]
    return f"{slot.start.isoformat()}|{slot.location or ''}|{who}"


def _offers(slots: Sequence[Slot], seen: OwnVisit, view: View) -> list[tuple[str, Spoken]]:
    """What a button sends, and what it says."""
    return [(_value(each, seen), spoken(each.start, view.zone, language())) for each in slots]


def chosen(clinic: Clinic) -> Chosen | None:
    """The time that was pressed; None for anything else than a button of ours sends."""
    start, place, who = [*request.values.get("slot", "").split("|"), "", ""][:3]
    try:
        at = datetime.fromisoformat(start)
    except ValueError:
        return None
    known = clinic.practitioner(who) is not None and (not place or clinic.location(place) is not None)
    return Chosen(at, place or None, who) if at.tzinfo and known else None
