"""The last page before a visit moves: what it is and what it will be, and a choice between them."""

from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, request

from scheduler.api.clients import client
from scheduler.api.runtime import runtime
from scheduler.domain.clinic import ConsentText, Mode
from scheduler.domain.errors import ConsentRequired, SlotNotOffered, SlotTaken, TriageRequired
from scheduler.domain.visits import Act
from scheduler.messages.moments import moment as spoken
from scheduler.services.changes.moving import Destination, move
from scheduler.services.changes.own_visit import OwnVisit
from scheduler.services.people.consents import lacking
from scheduler.web.forms import field
from scheduler.web.going import go
from scheduler.web.my.asking import result_of
from scheduler.web.my.holding import own
from scheduler.web.my.showing import REFUSALS, do, refusal, show, spoken_text, to_visit
from scheduler.web.my.times import Chosen, View, chosen, not_now, times_page, wished
from scheduler.web.pages import Pages
from scheduler.web.speech import address, language
from scheduler.web.texts import words


def add_to(pages: Pages) -> None:
    pages.get("/<uuid:id>/move/check")(show_check)
    pages.post("/<uuid:id>/move/check")(move_it)


def show_check(id: UUID) -> Response:
    seen = own()
    view, to = wished(seen), chosen(seen.clinic)
    if to is None:
        return go(address("my.show_times", id=id))
    if _is_there(seen, view, to):
        return to_visit()
    return not_now(seen, view) or _check(seen, view, to, {})


def _is_there(seen: OwnVisit, view: View, to: Chosen) -> bool:
    """Who goes back to this page after the move has nothing left to choose."""
    visit = seen.visit
    now = (visit.start, visit.mode, visit.location, visit.practitioner)
    return now == (to.start, view.mode, to.location, to.practitioner)


def _texts(seen: OwnVisit, view: View) -> list[ConsentText]:
    """What has to be agreed to before the visit can be what it is to be."""
    with runtime().db.transaction() as session:
        return lacking(session, seen.clinic, view.mode, seen.visit.id)


def _check(seen: OwnVisit, view: View, to: Chosen, errors: dict[str, str]) -> Response:
    clinic, place = seen.clinic, seen.clinic.location(to.location or "")
    zone = place.timezone if place else view.zone
    at_clinic = ZoneInfo(seen.visit.timezone)
    return show(
        "check",
        seen,
        errors=errors,
        view=view,
        slot=request.values["slot"],
        converting=view.mode is not seen.visit.mode,
        new_when=spoken(to.start, zone, language()),
        new_place=place,
        new_who=clinic.practitioner(to.practitioner),
        new_clinic_when=None if place else spoken(to.start, at_clinic, language()),
        texts=[(f"agree-{n}", each, spoken_text(each, seen)) for n, each in enumerate(_texts(seen, view))],
        agreed=request.form.getlist("agree"),
    )


def move_it(id: UUID) -> Response:
    seen = own()
    view, to, sure = wished(seen), chosen(seen.clinic), field("sure")
    if to is None:
        return go(address("my.show_times", id=id))
    if sure == "no":
        return to_visit("stays")
    if _is_there(seen, view, to):  # pressed twice
        return to_visit(Act.RESCHEDULE)
    if first := not_now(seen, view):
        return first
    if errors := _unanswered(seen, view, sure):
        return _check(seen, view, to, errors)
    return _move(seen, view, to)


def _unanswered(seen: OwnVisit, view: View, sure: str) -> dict[str, str]:
    said, agreed = words(language()), request.form.getlist("agree")
    open_texts = [n for n, each in enumerate(_texts(seen, view)) if each.name not in agreed]
    if sure != "yes":
        return {"sure": said["my"]["check"]["missing"]}
    return {f"agree-{n}": said["book"]["agree"]["missing"] for n in open_texts}


def _move(seen: OwnVisit, view: View, to: Chosen) -> Response:
    act = Act.RESCHEDULE if view.mode is seen.visit.mode else Act.CONVERT
    there = _destination(seen, view, to)
    try:
        do(act, lambda scene: move(scene, there))
    except SlotTaken as taken:
        return times_page(seen, view, taken.alternatives)
    except SlotNotOffered:
        return times_page(seen, view, ())
    except TriageRequired:
        return go(address("my.show_safety", id=seen.visit.id))
    except ConsentRequired:  # the clinic's texts have changed since the page was shown
        return _check(seen, view, to, _unanswered(seen, view, "yes"))
    except REFUSALS as error:
        return refusal(error, act, lambda now: _is_there(now, view, to))
    return to_visit(act)


def _destination(seen: OwnVisit, view: View, to: Chosen) -> Destination:
    same = view.mode is seen.visit.mode
    return Destination(
        start=to.start,
        mode=None if same else view.mode,
        practitioner=to.practitioner,
        location=to.location,
        state=view.state if view.mode is Mode.TELEMEDICINE else None,
        triage=None if same else result_of(seen),
        consents=request.form.getlist("agree"),
        client=client(),
    )
