"""Booking for somebody on the phone: kind of visit and time, then who it is."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from flask import Response, request, url_for

from scheduler.api.clients import client
from scheduler.api.problems import slug_of
from scheduler.api.runtime import runtime
from scheduler.api.schemas.visits import VisitIn
from scheduler.domain.actors import Actor
from scheduler.domain.clinic import Clinic, Mode, NewPatients
from scheduler.domain.consents import asked_of
from scheduler.domain.errors import Barred, Conflict, ConsentRequired, Invalid, Refused
from scheduler.domain.people import Receives
from scheduler.domain.scopes import Scope
from scheduler.domain.wishes import Wish
from scheduler.services.booking.making import book
from scheduler.services.clinic.states import US_STATES
from scheduler.services.ground.idempotency import Repeatable
from scheduler.web.forms import errors_of, field, read
from scheduler.web.going import go
from scheduler.web.staff.days import today_of
from scheduler.web.staff.members import require, staff_pages
from scheduler.web.staff.showing import show, the_clinic
from scheduler.web.staff.times import WHY, chosen_time, override_said, times_of, wished, within

RELATIONSHIPS = ("parent", "guardian", "spouse", "child", "caregiver", "other")
STATES = [("", ""), *((code, code) for code in sorted(US_STATES))]
IDS = {
    "/patient": "phone",
    "/patient/email": "email",
    "/booked_by/name": "helper_name",
    "/booked_by/email": "helper_email",
    "/booked_by/phone": "helper_phone",
    "/booked_by": "helper_phone",
    "/booked_by/relationship": "relationship",
    "/booked_by/receives": "receives",
    "/override/reason": "why",
}
"""Fields whose ids are not the last word of what they are called in the contract."""

blueprint = staff_pages("desk_booking", __name__)


@blueprint.get("/book")
def show_times() -> Response:
    """What kind of visit, and when."""
    require(Scope.VISITS)
    clinic = the_clinic()
    kind = clinic.visit_type(request.args.get("visit_type", ""))
    if kind is None:
        return show("book.html", active="book", kind=None, choice=None, times=None)
    choice = within(clinic, kind, wished(next(iter(kind.modes)), today_of(clinic)))
    times = times_of(Wish(kind.code, choice.mode, choice.practitioner, choice.location, choice.state), choice)
    return show("book.html", active="book", kind=kind, choice=choice, times=times)


@blueprint.get("/book/details")
def show_details() -> Response:
    """Who it is. The time is not held: whoever is on the phone says at once whether it suits."""
    require(Scope.VISITS)
    return _details()


def _details(status: int = 200, errors: dict[str, str] | None = None, refused: str = "") -> Response:
    clinic, values = the_clinic(), request.values
    kind = clinic.visit_type(values.get("visit_type", ""))
    mode = values.get("mode", "")
    chosen = chosen_time(values.get("time", ""))
    start = _instant(chosen.get("start", ""))
    if kind is None or mode not in kind.modes or start is None:
        return show("book.html", active="book", kind=None, choice=None, times=None)
    return show(
        "details.html",
        status,
        active="book",
        kind=kind,
        choice=wished(Mode(mode), today_of(clinic)),
        start=start,
        practitioner=chosen.get("practitioner"),
        location=chosen.get("location"),
        zone=_zone_of(clinic, chosen),
        key=values.get("key") or secrets.token_urlsafe(),
        asks_new=kind.new_patients is NewPatients.EITHER,
        states=STATES if mode == Mode.TELEMEDICINE else (),
        consents=list(asked_of(clinic, Mode(mode))),
        relationships=RELATIONSHIPS,
        receives=[str(each) for each in Receives],
        why=WHY,
        values=values,
        errors=errors or {},
        refused=refused,
    )


def _instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _zone_of(clinic: Clinic, chosen: Mapping[str, str]) -> str:
    """In which the visit will be promised."""
    place = clinic.location(chosen.get("location", ""))
    who = clinic.practitioner(chosen.get("practitioner", ""))
    found = place or who
    return found.timezone.key if found else clinic.timezone.key


@blueprint.post("/book/details")
def book_visit() -> Response:
    actor, run, clinic = require(Scope.VISITS), runtime(), the_clinic()
    wanted = _wanted(clinic)
    try:
        asked = read(VisitIn, wanted).request(clinic.languages[0], actor, client())
        booked = book(run.desk, asked, _repeatable(actor, wanted))
    except Invalid as invalid:
        return _details(422, errors_of(invalid, IDS))
    except ConsentRequired:
        return _details(422, refused="consent-required")
    except (Barred, Conflict, Refused) as error:
        return _details(409, refused=slug_of(error))
    run.doorbell.ring(booked.due)
    return go(url_for("desk_visit.show_visit", id=booked.visit.id, done="book"))


def _repeatable(actor: Actor, wanted: dict[str, Any]) -> Repeatable | None:
    """A form that is sent twice books once: it carries a key that was drawn with it."""
    key = field("key")
    if not 16 <= len(key) <= 255:
        return None
    body = orjson.dumps(wanted, option=orjson.OPT_SORT_KEYS).decode()
    body_hash = runtime().desk.secrets.lookup.hash("idempotency", body)
    return Repeatable(str(actor), "POST /staff/book", key, body_hash)


def _wanted(clinic: Clinic) -> dict[str, Any]:
    """The booking as the API has it."""
    consents = [each.name for each in clinic.consents if field(f"consent_{each.name}")]
    return {
        "visit_type": field("visit_type"),
        "mode": field("mode"),
        "state": field("state"),
        **chosen_time(field("time")),
        "new_patient": {"yes": True, "no": False}.get(field("new_patient")),
        "patient": _person("") | {"birth_date": _birth_date()},
        "booked_by": _helper(),
        "consents": consents,
        "override": override_said(),
    }


def _person(prefix: str) -> dict[str, str]:
    return {name: field(prefix + name) for name in ("name", "email", "phone", "language")}


def _helper() -> dict[str, str]:
    """Whoever calls for the patient; nobody where no name is given."""
    helper = _person("helper_")
    if not helper["name"]:
        return {}
    return helper | {"relationship": field("relationship"), "receives": field("receives")}


def _birth_date() -> str:
    """Three fields, in the order in which people here say them."""
    month, day, year = (field(f"birth_date_{part}") for part in ("month", "day", "year"))
    if not (month or day or year):
        return ""
    return f"{year.zfill(4)}-{month.zfill(2)}-{day.zfill(2)}"
