"""Every route, for everybody, on what is theirs, what is another's, and what there is not."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from scheduler.app import create_app
from scheduler.bootstrap import bootstrap
from scheduler.db.models import Message
from scheduler.domain.messages import MessageState
from scheduler.domain.scopes import Scope
from tests.api.contract import Contract, watched
from tests.api.principals import (
    ADDRESSEE,
    ALL_SCOPES,
    HOLDERS,
    METRICS_TOKEN,
    NOBODY,
    PRINCIPALS,
    SCRAPER,
    STAFF,
    Booked,
    World,
)
from tests.cast import at
from tests.conftest import settings_for

OK = 0
"""They may: the route does what it is for, and answers with its own status."""

Answers = tuple[int, int, int]
Who = Mapping[str, Answers]
"""What callers get: on their own visit, on another's, on one that there is not. Staff own none and all."""

#                             own  another's  none
ANYBODY: Who = {
    "nobody":                 (OK, OK, OK),
    "a dead token":           (OK, OK, OK),
    "a holder of links":      (OK, OK, OK),
    "staff":                  (OK, OK, OK),
    "staff of other scopes":  (OK, OK, OK),
}  # fmt: skip
WHO_KNOWS_THE_ID: Who = {
    "nobody":                 (OK, OK, 404),
    "a dead token":           (OK, OK, 404),
    "a holder of links":      (OK, OK, 404),
    "staff":                  (OK, OK, 404),
    "staff of other scopes":  (OK, OK, 404),
}  # fmt: skip
THE_PUBLIC_AND_STAFF: Who = {
    "nobody":                 (OK, OK, OK),
    "a dead token":           (401, 401, 401),
    "a holder of links":      (403, 403, 403),
    "staff":                  (OK, OK, OK),
    "staff of other scopes":  (403, 403, 403),
}  # fmt: skip
WHOSE_VISIT_IT_IS: Who = {
    "nobody":                 (401, 401, 401),
    "a dead token":           (401, 401, 401),
    "a holder of links":      (OK, 404, 404),
    "staff":                  (OK, OK, 404),
    "staff of other scopes":  (403, 403, 403),
}  # fmt: skip
STAFF_ON_A_VISIT: Who = {
    "nobody":                 (401, 401, 401),
    "a dead token":           (401, 401, 401),
    "a holder of links":      (403, 404, 404),
    "staff":                  (OK, OK, 404),
    "staff of other scopes":  (403, 403, 403),
}  # fmt: skip

STAFF_ALONE: Who = {
    "nobody":                 (401, 401, 401),
    "a dead token":           (401, 401, 401),
    "a holder of links":      (403, 403, 403),
    "staff":                  (OK, OK, 404),
    "staff of other scopes":  (403, 403, 403),
}  # fmt: skip

WHOEVER_GOT_THE_MAIL: Who = {
    ADDRESSEE:                (OK, OK, OK),
    "nobody":                 (401, 401, 401),
    "a dead token":           (401, 401, 401),
    "a holder of links":      (401, 401, 401),
    "staff":                  (401, 401, 401),
    "staff of other scopes":  (401, 401, 401),
}  # fmt: skip
WHO_COLLECTS_FIGURES: Who = {
    SCRAPER:                  (OK, OK, OK),
    "nobody":                 (401, 401, 401),
    "a dead token":           (401, 401, 401),
    "a holder of links":      (401, 401, 401),
    "staff":                  (401, 401, 401),
    "staff of other scopes":  (401, 401, 401),
}  # fmt: skip

Body = Callable[[World, Booked], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Route:
    """`who` may; `status` is what they get; the rest makes the request one that is right in itself."""

    who: Who
    status: int = 200
    scope: Scope = Scope.VISITS
    body: Body | None = None
    query: str = ""
    visit_type: str = "follow-up"
    after: tuple[str, ...] = ()
    """What staff have done to a visit before it can be done."""
    object: Callable[[World], Booked] | None = None
    """What it is about, where that is no visit."""


def nothing(world: World, visit: Booked) -> dict[str, Any]:
    return {}


def a_booking(world: World, visit: Booked) -> dict[str, Any]:
    return world.wish()


def a_hold(world: World, visit: Booked) -> dict[str, Any]:
    wish = world.wish()
    return {name: wish[name] for name in wish.keys() - {"patient", "booked_by"}}


def a_bit_later(world: World, visit: Booked) -> dict[str, Any]:
    return {"start": (visit.start + timedelta(minutes=15)).isoformat()}


def in_person(world: World, visit: Booked) -> dict[str, Any]:
    return {"mode": "in_person"}


def a_number(world: World, visit: Booked) -> dict[str, Any]:
    return {"phone": "(409) 555-0177"}


def consent(world: World, visit: Booked) -> dict[str, Any]:
    return {"consents": ["privacy:1"]}


def a_place(world: World, visit: Booked) -> dict[str, Any]:
    return {"state": "TX", "phone": "(409) 555-0123", "address": "1 Example Street"}


def the_patient(world: World, visit: Booked) -> dict[str, Any]:
    return {"recipient": "patient"}


def somebody_lost(world: World, visit: Booked) -> dict[str, Any]:
    return {"email": "nobody@patients.example", "birth_date": "1960-02-29"}


def answers(world: World, visit: Booked) -> dict[str, Any]:
    yes = {"T1": False, "T4": True, "T7": False, "T9": False}
    return {"visit_type": "asked", "version": "q1", "answers": yes}


def a_call(world: World, visit: Booked) -> dict[str, Any]:
    token = world.client.post("/v1/triage", json=answers(world, visit)).get_json()["token"]
    return {"triage": token, "name": "Pat Example", "phone": "(409) 555-0123"}


def held(world: World) -> Booked:
    """A hold: it belongs to whoever knows its id."""
    answer = world.client.post("/v1/holds", json=a_hold(world, world.nothing()))
    return Booked(answer.get_json()["id"], world.nothing().start, {})


def an_hour(world: World, thing: Booked) -> dict[str, Any]:
    """On a Saturday, so that it is in nobody's way."""
    return {"practitioner": "one", "start": at(12, 9).isoformat(), "end": at(12, 10).isoformat()}


def an_hour_more(world: World, thing: Booked) -> dict[str, Any]:
    return {**an_hour(world, thing), "modes": ["telemedicine"]}


def whom(world: World, thing: Booked) -> dict[str, Any]:
    return {"email": "nobody@patients.example"}


def a_task(world: World) -> Booked:
    """What a request leaves staff to do."""
    visit = world.booked("reviewed")
    answer = world.client.get(f"/v1/tasks?visit={visit.id}", headers=world.headers(ALL_SCOPES, visit))
    return replace(visit, id=answer.get_json()["items"][0]["id"])


def entered(path: str, body: Body) -> Callable[[World], Booked]:
    """Makes something that staff enter."""

    def make(world: World) -> Booked:
        none = world.nothing()
        answer = world.client.post(path, json=body(world, none), headers=world.headers(ALL_SCOPES, none))
        return replace(none, id=answer.get_json()["id"])

    return make


def a_calendar(world: World, thing: Booked) -> dict[str, Any]:
    address = f"https://calendar.example/{next(world.numbers)}.ics"
    return {"practitioner": "one", "label": "Rota", "address": address}


def a_feed(world: World, thing: Booked) -> dict[str, Any]:
    return {"label": "Dr. Lee", "practitioner": "one"}


def a_webhook(world: World, thing: Booked) -> dict[str, Any]:
    return {"label": "Records", "url": "https://records.example/hooks"}


def disabled(world: World, thing: Booked) -> dict[str, Any]:
    return {"enabled": False}


def a_message(world: World) -> Booked:
    """One that did not arrive."""
    visit = world.booked()
    with world.run.db.transaction() as session:
        told = update(Message).where(Message.visit_id == UUID(visit.id), Message.offset_minutes == 0)
        id = session.scalars(told.values(state=MessageState.FAILED).returning(Message.id)).first()
    return replace(visit, id=str(id))


def all_of_it(world: World, thing: Booked) -> dict[str, Any]:
    return {"webhook": thing.id}


time_off, extra_hours = entered("/v1/time-off", an_hour), entered("/v1/extra-hours", an_hour_more)
webhook = entered("/v1/webhooks", a_webhook)
feed = entered("/v1/feeds", a_feed)
outside_calendar = entered("/v1/outside-calendars", a_calendar)


def staff(*after: str, visit_type: str = "follow-up") -> Route:
    """An act that only staff do."""
    return Route(STAFF_ON_A_VISIT, body=nothing, after=after, visit_type=visit_type)


def task() -> Route:
    return Route(STAFF_ALONE, body=nothing, object=a_task)


def schedule(status: int = 200, **more: Any) -> Route:
    return Route(STAFF_ALONE, status, Scope.SCHEDULE, **more)


def hooks(status: int = 200, **more: Any) -> Route:
    return Route(STAFF_ALONE, status, Scope.WEBHOOKS, **more)


DAYS = "from=2026-12-03&to=2026-12-04"

ROUTES = {
    "GET /health/live": Route(ANYBODY),
    "GET /health/ready": Route(ANYBODY),
    "GET /openapi.json": Route(ANYBODY),
    "GET /docs": Route(ANYBODY),
    "GET /docs/static/<path:filename>": Route(ANYBODY),
    "GET /problems/<slug>": Route(ANYBODY),
    "GET /static/<version>/<path:name>": Route(ANYBODY),
    "GET /widget.js": Route(ANYBODY),
    "GET /look/<version>/accent.css": Route(ANYBODY, 404),  # the tests' clinic has none
    "GET /look/<version>/logo.svg": Route(ANYBODY, 404),
    "GET /v1/clinic": Route(ANYBODY),
    "GET /v1/visit-types": Route(ANYBODY),
    "GET /v1/practitioners": Route(ANYBODY),
    "GET /v1/locations": Route(ANYBODY),
    "GET /v1/slots": Route(ANYBODY, query=f"visit_type=follow-up&mode=telemedicine&{DAYS}"),
    "GET /v1/triage": Route(ANYBODY, query="visit_type=asked"),
    "POST /v1/triage": Route(ANYBODY, body=answers),
    "POST /v1/callbacks": Route(ANYBODY, 202, body=a_call),
    "POST /v1/holds": Route(THE_PUBLIC_AND_STAFF, 201, body=a_hold),
    "DELETE /v1/holds/<uuid:id>": Route(WHO_KNOWS_THE_ID, 204, object=held),
    "POST /v1/visits": Route(THE_PUBLIC_AND_STAFF, 201, body=a_booking),
    "GET /v1/visits/<uuid:id>": Route(WHOSE_VISIT_IT_IS),
    "GET /v1/visits/<uuid:id>/invite.ics": Route(WHOSE_VISIT_IT_IS),
    "GET /v1/visits/<uuid:id>/slots": Route(WHOSE_VISIT_IT_IS, query=DAYS),
    "POST /v1/visits/<uuid:id>/confirm": Route(WHOSE_VISIT_IT_IS, body=nothing),
    "POST /v1/visits/<uuid:id>/reschedule": Route(WHOSE_VISIT_IT_IS, body=a_bit_later),
    "POST /v1/visits/<uuid:id>/convert": Route(WHOSE_VISIT_IT_IS, body=in_person),
    "POST /v1/visits/<uuid:id>/consents": Route(WHOSE_VISIT_IT_IS, body=consent),
    "POST /v1/visits/<uuid:id>/whereabouts": Route(WHOSE_VISIT_IT_IS, body=a_place),
    "POST /v1/visits/<uuid:id>/join": Route(STAFF_ON_A_VISIT, 409, body=nothing),  # days before it opens
    "GET /v1/visits/<uuid:id>/intake": Route(STAFF_ON_A_VISIT, scope=Scope.INTAKE),
    "POST /v1/visits/<uuid:id>/cancel": Route(WHOSE_VISIT_IT_IS, body=nothing),
    "PATCH /v1/visits/<uuid:id>/contact": Route(WHOSE_VISIT_IT_IS, body=a_number),
    "POST /v1/visits/<uuid:id>/mail-again": Route(STAFF_ON_A_VISIT, body=the_patient),
    "POST /v1/visits/<uuid:id>/revoke-links": Route(STAFF_ON_A_VISIT, 204, body=the_patient),
    "POST /v1/links": Route(ANYBODY, 202, body=somebody_lost),
    "POST /v1/visits/<uuid:id>/approve": staff(visit_type="reviewed"),
    "POST /v1/visits/<uuid:id>/decline": staff(visit_type="reviewed"),
    "POST /v1/visits/<uuid:id>/arrive": staff(),
    "POST /v1/visits/<uuid:id>/check-in": staff("arrive"),
    "POST /v1/visits/<uuid:id>/complete": staff("arrive", "check-in"),
    "POST /v1/visits/<uuid:id>/no-show": staff(),
    "POST /v1/visits/<uuid:id>/undo": staff("arrive"),
    "POST /v1/visits/<uuid:id>/entered-in-error": staff(),
    "GET /v1/visits/<uuid:id>/history": Route(STAFF_ON_A_VISIT),
    "GET /v1/visits/<uuid:id>/messages": Route(STAFF_ON_A_VISIT, scope=Scope.MESSAGES),
    "GET /v1/messages": Route(STAFF_ALONE, scope=Scope.MESSAGES),
    "POST /v1/messages/<int:id>/resend": Route(
        STAFF_ALONE, 202, Scope.MESSAGES, body=nothing, object=a_message
    ),
    "GET /v1/audit": Route(STAFF_ALONE, scope=Scope.AUDIT),
    "POST /v1/not-you": Route(WHOEVER_GOT_THE_MAIL, 204, body=nothing),
    "GET /metrics": Route(WHO_COLLECTS_FIGURES),
    "GET /v1/visits": Route(STAFF_ALONE, query=DAYS),
    "POST /v1/visits/search": Route(STAFF_ALONE, body=whom),
    "GET /v1/tasks": Route(STAFF_ALONE),
    "POST /v1/tasks/<int:id>/claim": task(),
    "POST /v1/tasks/<int:id>/release": task(),
    "POST /v1/tasks/<int:id>/done": task(),
    "GET /v1/time-off": schedule(),
    "POST /v1/time-off": schedule(201, body=an_hour),
    "GET /v1/time-off/<uuid:id>": schedule(object=time_off),
    "DELETE /v1/time-off/<uuid:id>": schedule(object=time_off),
    "GET /v1/webhooks": hooks(),
    "POST /v1/webhooks": hooks(201, body=a_webhook),
    "GET /v1/webhooks/<uuid:id>": hooks(object=webhook),
    "PATCH /v1/webhooks/<uuid:id>": hooks(body=disabled, object=webhook),
    "POST /v1/webhooks/<uuid:id>/rotate": hooks(body=nothing, object=webhook),
    "DELETE /v1/webhooks/<uuid:id>": hooks(object=webhook),
    "GET /v1/webhooks/deliveries": hooks(),
    "POST /v1/webhooks/replay": hooks(202, body=all_of_it, object=webhook),
    "GET /v1/outside-calendars": schedule(),
    "POST /v1/outside-calendars": schedule(201, body=a_calendar),
    "GET /v1/outside-calendars/<uuid:id>": schedule(object=outside_calendar),
    "POST /v1/outside-calendars/<uuid:id>/refresh": schedule(202, body=nothing, object=outside_calendar),
    "DELETE /v1/outside-calendars/<uuid:id>": schedule(object=outside_calendar),
    "GET /v1/feeds": schedule(),
    "POST /v1/feeds": schedule(201, body=a_feed),
    "GET /v1/feeds/<uuid:id>": schedule(object=feed),
    "DELETE /v1/feeds/<uuid:id>": schedule(object=feed),
    "GET /v1/extra-hours": schedule(),
    "POST /v1/extra-hours": schedule(201, body=an_hour_more),
    "DELETE /v1/extra-hours/<uuid:id>": schedule(object=extra_hours),
}

PAGES = " /(staff|book|my|find-appointment)"
BY_SIGNATURE = {f"POST /v1/inbound/{page}" for page in ("mail", "twilio/status", "twilio/sms")}
BY_LINK = {
    *(f"{method} /{page}/<token>" for method in ("GET", "POST") for page in ("unsubscribe", "not-you")),
    *(f"{method} /v/<token>/join" for method in ("GET", "POST")),
    "GET /v/<token>",
    "GET /rehearsal-room/<name>",
    "GET /calendars/<token>.ics",
}
"""No token of anybody opens these, in a header; each has tests of its own."""

PATHS = {"<slug>": "slot-taken", "<path:filename>": "docs.css", "<path:name>": "site.css", "<version>": "1"}
ONE = re.compile("<(uuid|int):id>")
NO_NUMBER = "404404404"


@pytest.fixture(scope="module")
def world(own_database: str, contract: Contract) -> Iterator[World]:
    run = bootstrap(
        settings_for(own_database, holds_at_once=10_000, holds_share=1, metrics_token=METRICS_TOKEN)
    )
    yield World(run, watched(create_app(run), contract))
    run.db.dispose()


class Things(NamedTuple):
    """What a request may be about; a holder of links holds those of their `own` visit."""

    own: Booked
    anothers: Booked
    none: Booked


class Cell(NamedTuple):
    """One field of the matrix: a caller, what the request is about, and what it must come to."""

    principal: str
    whose: str
    expected: int


def cells(name: str) -> Iterator[Cell]:
    """All callers, on all things; a route that is about no thing in particular has one column."""
    route = ROUTES[name]
    for principal in PRINCIPALS:
        row = route.who.get(principal) or route.who[group(principal, route.scope)]
        whole = [Cell(principal, *each) for each in zip(Things._fields, row, strict=True)]
        yield from whole if ONE.search(name) else whole[:1]


def group(principal: str, scope: Scope) -> str:
    """The row of the table that a principal stands in."""
    if principal in (ALL_SCOPES, f"staff: {scope}"):
        return "staff"
    if principal in STAFF:
        return "staff of other scopes"
    return NOBODY if principal == NOBODY else "a holder of links" if principal in HOLDERS else "a dead token"


def new(world: World, route: Route) -> Booked:
    """One that nobody has done anything to."""
    return route.object(world) if route.object else world.booked(route.visit_type, route.after)


def thing(world: World, route: Route, cell: Cell) -> Things:
    """New is only what that caller's request is about."""
    made = new(world, route)
    return Things(made if cell.whose == "own" else world.mine, made, world.nothing())


def ask(world: World, name: str, cell: Cell, about: Things) -> TestResponse:
    route, (method, _, rule) = ROUTES[name], name.partition(" ")
    thing: Booked = getattr(about, cell.whose)
    numbered = "<int:id>" in rule and thing is about.none
    path = ONE.sub(NO_NUMBER if numbered else thing.id, rule)
    for placeholder, value in PATHS.items():
        path = path.replace(placeholder, value)
    return world.client.open(
        path,
        method=method,
        json=route.body(world, thing) if route.body else None,
        query_string=route.query,
        headers=world.headers(cell.principal, about.own),
    )


def routes(client: FlaskClient) -> set[str]:
    methods = {"GET", "POST", "PUT", "PATCH", "DELETE"}
    rules = client.application.url_map.iter_rules()
    return {f"{method} {rule.rule}" for rule in rules for method in methods & (rule.methods or set())}


def looks(answer: TestResponse) -> tuple[int, dict[str, Any], dict[str, str]]:
    """All of a problem that could tell somebody something."""
    body, headers = json.loads(answer.data), dict(answer.headers)
    assert body.pop("instance") == headers.pop("X-Request-Id")
    return answer.status_code, body, headers


class Refusals(NamedTuple):
    answers: dict[Cell, TestResponse]
    changed: list[str]
    """Tables that are not what they were."""


class Matrix:
    """What was made and asked for one test, and serves another as well."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._things: dict[tuple[object, ...], Things] = {}
        self._refusals: dict[str, Refusals] = {}

    def untouched(self, route: Route) -> Things:
        """For requests that leave all of it as it is: after those, nobody needs new ones."""
        kind = (route.object, route.visit_type, route.after)
        if kind not in self._things:
            one, other = (new(self._world, route) for _ in range(2))
            self._things[kind] = Things(one, other, self._world.nothing())
        return self._things[kind]

    def refusals(self, name: str) -> Refusals:
        """Whoever may not, each asking once."""
        if name not in self._refusals:
            self._refusals[name] = self._refused(name, self.untouched(ROUTES[name]))
        return self._refusals[name]

    def _refused(self, name: str, about: Things) -> Refusals:
        before = self._world.everything()
        refused = [cell for cell in cells(name) if cell.expected != OK]
        answers = {cell: ask(self._world, name, cell, about) for cell in refused}
        after = self._world.everything()
        return Refusals(answers, [table for table in before if before[table] != after[table]])


@pytest.fixture(scope="module")
def matrix(world: World) -> Matrix:
    return Matrix(world)


def test_every_route_is_in_the_table(world: World) -> None:
    pages = {route for route in routes(world.client) if re.search(PAGES, route)}
    assert routes(world.client) - pages == set(ROUTES) | BY_SIGNATURE | BY_LINK


@pytest.mark.parametrize("name", ROUTES)
def test_who_may_not_is_told_so_and_changes_nothing(matrix: Matrix, name: str) -> None:
    answers, changed = matrix.refusals(name)
    statuses = {cell: answer.status_code for cell, answer in answers.items()}
    assert {cell: status for cell, status in statuses.items() if status != cell.expected} == {}
    assert changed == []


@pytest.mark.parametrize("name", ROUTES)
def test_who_may_does_it(world: World, matrix: Matrix, name: str) -> None:
    route = ROUTES[name]
    same = matrix.untouched(route) if name.startswith("GET ") or not ONE.search(name) else None
    may = [cell for cell in cells(name) if cell.expected == OK]
    answers = {cell: ask(world, name, cell, same or thing(world, route, cell)).status_code for cell in may}
    assert answers, "somebody may"
    assert {cell: status for cell, status in answers.items() if status != route.status} == {}


@pytest.mark.parametrize("name", [name for name in ROUTES if ROUTES[name].who[NOBODY][0] == 401])
def test_nobody_learns_what_is_wrong_with_a_request_before_they_said_who_they_are(
    world: World, name: str
) -> None:
    method, _, path = name.partition(" ")
    body = None if method in ("GET", "DELETE") else {"nonsense": 1}
    id = NO_NUMBER if "<int:id>" in path else world.mine.id
    asked = world.client.open(ONE.sub(id, path), method=method, json=body, query_string="nonsense=1")
    assert asked.status_code == 401


@pytest.mark.parametrize("name", [name for name in ROUTES if ONE.search(name)])
def test_what_is_anothers_looks_like_what_there_is_not(matrix: Matrix, name: str) -> None:
    answers = matrix.refusals(name).answers
    for principal in PRINCIPALS:
        _, others, none = (cell for cell in cells(name) if cell.principal == principal)
        if others.expected == none.expected != OK:
            assert looks(answers[others]) == looks(answers[none]), principal
