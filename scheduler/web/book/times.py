"""Choosing a time: the first free one on top, then the days; the chosen one is held meanwhile."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, request

from scheduler.api.clients import client
from scheduler.api.runtime import runtime
from scheduler.domain.clinic import Mode, Practitioner
from scheduler.domain.drafts import KeptTime, Step
from scheduler.domain.errors import (
    Invalid,
    NotFound,
    NotLicensed,
    RateLimited,
    SlotNotOffered,
    SlotTaken,
    TriageRequired,
)
from scheduler.domain.holds import Ceilings, HoldRequest
from scheduler.domain.slots import Slot
from scheduler.domain.times import local_date
from scheduler.domain.wishes import Wish, zone_of
from scheduler.messages.moments import Moment as Spoken
from scheduler.messages.moments import moment as spoken
from scheduler.services.slots.free import NOT_LICENSED, Found, find_slots
from scheduler.services.slots.holding import hold, release
from scheduler.web.book.form import Form, answered, ask, elsewhere, go_to, keep, open_form
from scheduler.web.forms import day_of
from scheduler.web.free_days import ZONES, days, parsed, value_of, zone_choices
from scheduler.web.pages import Pages
from scheduler.web.speech import address, language

LOOK = timedelta(days=27)
"""So far one view looks for its days."""


def add_to(pages: Pages) -> None:
    pages.get("/<uuid:id>/times")(show_times)
    pages.post("/<uuid:id>/times")(choose)


@dataclass(frozen=True, slots=True)
class View:
    """Which times somebody wants to see."""

    wish: Wish
    zone: ZoneInfo
    first: date | None
    """The earliest day; None for as soon as possible."""

    @property
    def filters(self) -> dict[str, str]:
        """As they stand in an address."""
        given = {
            "practitioner": self.wish.practitioner,
            "location": self.wish.location,
            "zone": self.zone.key,
        }
        return {name: value for name, value in given.items() if value}


def _view(form: Form) -> View:
    """What the address asks for; what it cannot mean is passed over."""
    clinic, asked, wish = form.clinic, request.values, form.draft.wish
    who = clinic.practitioner(asked.get("practitioner", ""))
    place = clinic.location(asked.get("location", "")) if wish.mode is Mode.IN_PERSON else None
    wish = replace(wish, practitioner=who.code if who else None, location=place.code if place else None)
    return View(wish, _zone(form, wish), day_of(asked.get("from", "")))


def _zone(form: Form, wish: Wish) -> ZoneInfo:
    chosen = request.values.get("zone") or form.draft.zone
    if wish.mode is Mode.TELEMEDICINE and chosen in (*ZONES, form.clinic.timezone.key):
        return ZoneInfo(chosen)
    return zone_of(form.clinic, wish)


def show_times(id: UUID) -> Response:
    form = open_form(id)
    return elsewhere(form, Step.TIMES) or _times(form, _view(form))


def _times(form: Form, view: View, lost: Sequence[Slot] | None = None) -> Response:
    """`lost`: the chosen time is not to be had, and these are free instead."""
    now, speaks = form.moment.now, language()
    today = local_date(now, view.zone)
    first = max(view.first or today, today)
    found = _found(view, first)
    slots = found.slots
    shown, later = days(slots, view.zone, form.clinic, speaks)
    filters: dict[str, object] = {**view.filters, "id": form.id}
    more = later.date.isoformat() if later else None
    return ask(
        "times",
        form,
        Step.TIMES,
        status=200 if lost is None else 409,
        view=view,
        zone_name=spoken(now, view.zone, speaks).zone,
        zones=list(zone_choices(view.zone, now, speaks)) if _by_video(view) else [],
        first=_offers(slots[:1], view) if first == today else [],
        days=shown,
        later=address("book.show_times", **filters, **{"from": more}) if more else None,
        earlier=address("book.show_times", **filters) if first > today else None,
        lost=None if lost is None else _offers(lost, view),
        not_licensed=found.reason == NOT_LICENSED,
        next_in_person=found.next_in_person and spoken(found.next_in_person, form.clinic.timezone, speaks),
        who=_givers(form, view),
        places=[] if _by_video(view) else form.clinic.locations,
    )


def _by_video(view: View) -> bool:
    return view.wish.mode is Mode.TELEMEDICINE


def _found(view: View, first: date) -> Found:
    """From that day on, or from the next one that has times."""
    found = find_slots(runtime().desk, view.wish, first, first + LOOK)
    if found.free or found.next_available is None:
        return found
    later = local_date(found.next_available, found.zone)
    return find_slots(runtime().desk, view.wish, later, later + LOOK)


def _offers(slots: Sequence[Slot], view: View) -> list[tuple[str, Spoken]]:
    """What a button sends, and what it says."""
    return [(value_of(each), spoken(each.start, view.zone, language())) for each in slots]


def _givers(form: Form, view: View) -> list[Practitioner]:
    kind = form.clinic.visit_type(view.wish.visit_type)
    assert kind
    chairs = form.moment.in_force.schedule.chairs(kind, view.wish.mode, None, view.wish.location)
    codes = {chair.practitioner.code for chair in chairs}
    return [each for each in form.clinic.practitioners if each.code in codes]


# ------------------------------------------------------------------------------------------------ choosing


def choose(id: UUID) -> Response:
    """Hold the time. What was held before is free again at once."""
    form = open_form(id)
    if first := elsewhere(form, Step.TIMES):
        return first
    view, chosen = _view(form), parsed(request.form.get("slot", ""))
    if chosen is None:
        return _times(form, view)
    let_go(form)
    return _take(form, view, *chosen)


def _take(form: Form, view: View, start: datetime, place: str | None) -> Response:
    wish = replace(view.wish, location=None if _by_video(view) else place)
    try:
        kept = hold_time(form, wish, start)
    except (SlotTaken, SlotNotOffered) as error:
        others = error.alternatives if isinstance(error, SlotTaken) else ()
        return _times(keep(form, form.draft.without_time()), view, others)
    except (Invalid, NotLicensed):  # the clinic's rules have changed since the page was shown
        return _times(keep(form, form.draft.without_time()), view, ())
    except TriageRequired:
        return go_to(form, Step.SAFETY)
    draft = replace(form.draft, practitioner=wish.practitioner, zone=view.zone.key, time=kept, renewed=False)
    return answered(form, draft)


def hold_time(form: Form, wish: Wish, start: datetime) -> KeptTime:
    """Raises SlotTaken, SlotNotOffered, TriageRequired.

    Whoever may hold no more can still book: the time is theirs when they are done, if it is still free.
    """
    run = runtime()
    ceilings = Ceilings(run.settings.holds_at_once, run.settings.holds_share)
    asked = HoldRequest(wish, start, client(), triage=form.result)
    try:
        held = hold(run.desk, asked, ceilings).hold
    except RateLimited:
        return KeptTime(start, wish.location, wish.practitioner)
    return KeptTime(start, held.location, held.practitioner, held.id, held.expires_at)


def let_go(form: Form) -> None:
    """Give the time back that was held so far, if it still is."""
    time = form.draft.time
    if time and time.hold:
        with suppress(NotFound):
            release(runtime().desk, time.hold)


def more_time(form: Form) -> Form:
    """Once a form, the same time is held anew. Raises SlotTaken, SlotNotOffered, TriageRequired."""
    time = form.draft.time
    if time is None or form.draft.renewed:
        return form
    let_go(form)
    wish = form.draft.wish
    kept = hold_time(form, replace(wish, practitioner=time.practitioner), time.start)
    return keep(form, replace(form.draft, time=kept, renewed=True))


def times_instead(form: Form, others: Sequence[Slot]) -> Response:
    """The chosen time is gone: the nearest ones, and everything typed stays."""
    view = View(replace(form.draft.wish, location=None), form.zone, None)
    return _times(keep(form, form.draft.without_time()), view, others)
