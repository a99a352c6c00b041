"""The gate of a visit by video, for whoever holds its link.

It stands on the link alone, without a cookie: it is opened from calendars and mail programs, often with a
minute to go, and must never fail for want of one.
"""

from collections.abc import Mapping
from http import HTTPStatus

from flask import Response, request
from pydantic import TypeAdapter, ValidationError

from scheduler.api.clients import client
from scheduler.api.runtime import runtime
from scheduler.api.schemas.acts import WhereaboutsIn
from scheduler.domain.consents import Said
from scheduler.domain.errors import Conflict, ConsentRequired, NotLicensed, RoomNotReady, TooLate
from scheduler.domain.video import Door
from scheduler.domain.whereabouts import Place
from scheduler.messages.moments import moment, same_clock
from scheduler.services.clinic.states import US_STATES
from scheduler.services.joining.entering import Coming, come_in, knock
from scheduler.services.joining.looking import Gate, look
from scheduler.web.going import go
from scheduler.web.house import said
from scheduler.web.pages import Pages
from scheduler.web.rendering import page, policy
from scheduler.web.speech import language, speak
from scheduler.web.texts import words

blueprint = Pages("join", __name__)

BUILDING, CAR, DRIVING = "building", "car", "driving"
FIELDS = ("state", "place", "address", "phone")
LONGEST = 300
PLACE: TypeAdapter[WhereaboutsIn] = TypeAdapter(WhereaboutsIn)

Errors = Mapping[str, str]


@blueprint.get("/v/<token>/join")
def show_gate(token: str) -> Response:
    """Changes nothing."""
    gate = _look(token)
    if gate.door is not Door.OPEN:
        return _closed(gate)
    if gate.place_known and not (gate.correctable and request.args.get("place") == "other"):
        return _gate("again", gate)
    return _ask(gate)


@blueprint.post("/v/<token>/join")
def pass_gate(token: str) -> Response:
    gate = _look(token)
    if gate.door is not Door.OPEN:
        return _closed(gate)
    typed = {name: request.form.get(name, "")[:LONGEST].strip() for name in FIELDS}
    if gate.place_known and not typed["place"]:
        return _enter(token, gate, None, typed)
    if typed["place"] == DRIVING:
        knock(runtime().desk, token)
        return _gate("driving", gate)
    place, errors = _read(gate, typed)
    if place is None or errors:
        if typed["place"]:  # nobody submits a choice by accident, as scanners of mails submit what they find
            knock(runtime().desk, token)
        return _ask(gate, typed, errors)
    return _enter(token, gate, place, typed)


def _look(token: str) -> Gate:
    gate = look(runtime().desk, token)
    speak(gate.language)
    return gate


def _enter(token: str, gate: Gate, place: Place | None, typed: Mapping[str, str]) -> Response:
    run = runtime()
    try:
        admitted = come_in(run.desk, token, Coming(place, Said(_agreed(gate)), client()))
    except NotLicensed:
        return _gate("elsewhere", gate, 422, **_fields(gate, typed, {}))
    except ConsentRequired:
        return _ask(_look(token), typed, {"agree-0": words(language())["join"]["faults"]["agree"]})
    except RoomNotReady:
        return _gate("no_room", gate, HTTPStatus.SERVICE_UNAVAILABLE)
    except TooLate:
        return _gate("told", gate, 409)
    except Conflict:  # the visit changed meanwhile
        return go(request.path)
    run.doorbell.ring(admitted.due)
    return go(admitted.url)


def _agreed(gate: Gate) -> list[str]:
    ticked = request.form.getlist("agree")
    return [each.name for each in gate.texts if each.name in ticked]


def _read(gate: Gate, typed: Mapping[str, str]) -> tuple[Place | None, Errors]:
    """The place, and by field what is wrong with what was typed."""
    faults, agreed = words(language())["join"]["faults"], _agreed(gate)
    errors = {} if typed["place"] in (BUILDING, CAR) else {"place": faults["place"]}
    place = None
    try:
        fields = {name: typed[name] for name in ("state", "phone", "address")}
        place = PLACE.validate_python({**fields, "in_car": typed["place"] == CAR}).place()
    except ValidationError as invalid:
        errors |= {str(each["loc"][0]): faults[str(each["loc"][0])] for each in invalid.errors()}
    missing = {f"agree-{at}" for at, each in enumerate(gate.texts) if each.name not in agreed}
    errors |= dict.fromkeys(sorted(missing), faults["agree"])
    order = [*FIELDS, *sorted(missing)]
    return place, {name: errors[name] for name in order if name in errors}


def _ask(gate: Gate, typed: Mapping[str, str] | None = None, errors: Errors | None = None) -> Response:
    status = 422 if errors else 200
    return _gate("gate", gate, status, **_fields(gate, typed or dict.fromkeys(FIELDS, ""), errors or {}))


def _fields(gate: Gate, typed: Mapping[str, str], errors: Errors) -> dict[str, object]:
    """What the questions are made of. Nothing is filled in but what was typed: a link tells nothing."""
    names = words(language())["states"]
    texts = [(each.name, said(each.text, language(), gate.clinic)) for each in gate.texts]
    return {
        "values": typed,
        "errors": errors,
        "states": sorted(((code, names[code]) for code in US_STATES), key=lambda each: each[1]),
        "texts": texts,
        "agreed": _agreed(gate),
        "places": (BUILDING, CAR, DRIVING),
    }


def _closed(gate: Gate) -> Response:
    return _gate("closed", gate)


def _gate(template: str, gate: Gate, status: int = 200, **more: object) -> Response:
    clinic, who = gate.clinic, gate.clinic.practitioner(gate.practitioner)
    same = same_clock(gate.start, gate.own_zone, gate.zone)
    answer = page(
        f"join/{template}.html",
        status,
        gate=gate,
        when=moment(gate.start, gate.own_zone, language()),
        opens=moment(gate.opens, gate.own_zone, language()),
        clinic_when=None if same else moment(gate.start, gate.zone, language()),
        who=who,
        place=clinic.location(gate.location) if gate.location else None,
        action=request.path,
        **more,
    )
    # Browsers hold each redirect after a form against this, and vendors have several hosts of their own.
    answer.headers["Content-Security-Policy"] = policy("https:")
    return answer
