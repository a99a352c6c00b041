"""Every visit type × mode × answers × state × age × consent, at every door that could let it through.

A second opinion says which rules a case breaks; a door must let through exactly what breaks none, and name
one of the broken ones otherwise. All cases are tried against the rules themselves, some of them over HTTP.
"""

from collections.abc import Iterator
from datetime import date, datetime
from itertools import count, product
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from scheduler.api.problems import slug_of
from scheduler.bootstrap import Runtime
from scheduler.domain.booking import BookingRequest, search_for
from scheduler.domain.clinic import Clinic, Mode
from scheduler.domain.errors import SchedulerError
from scheduler.domain.people import Booker, Person, Receives
from scheduler.domain.scopes import Scope
from scheduler.domain.triage import evaluate
from scheduler.domain.wishes import Wish
from tests.api.conftest import Serve
from tests.api.people import Headers, booked, patient_of, said, staff_with
from tests.api.safety import KIND, SAYS_YES, token
from tests.api.test_consents import ask_for_telehealth
from tests.api.test_whereabouts import HOME
from tests.cast import NOW, at
from tests.services.asking import put_in_force

BORN = {"adult": "1960-02-29", "minor": "2012-05-05", "minor with a guardian": "2012-05-05"}
GUARDIAN: dict[str, Any] = {
    "name": "Kim Example",
    "relationship": "guardian",
    "email": "kim@patients.example",
}
NO_ANSWERS = "none"


class Case(NamedTuple):
    kind: str
    mode: str
    answers: str
    state: str | None
    age: str
    agreed: bool

    def broken(self, *, booking: bool) -> set[str]:
        """The problems that a door may name; none where it must let this through."""
        if self.answers == "emergency":
            return {"emergency"}
        video, asked = self.mode == Mode.TELEMEDICINE, self.kind == KIND
        rules = {
            "triage-required": asked and self.answers == NO_ANSWERS,
            "validation": video and (self.state is None or (asked and self.answers == "same_day_call")),
            "not-licensed": video and self.state == "LA",
            "guardian-required": booking and self.age == "minor",
            "consent-required": booking and video and not self.agreed,
        }
        return {rule for rule, broken in rules.items() if broken}


CASES = [
    Case(*each)
    for each in product(
        ("follow-up", KIND), Mode, (NO_ANSWERS, *SAYS_YES), (None, "TX", "LA"), BORN, (False, True)
    )
]


def spread(cases: list[Case], step: int) -> list[Case]:
    """Some of the cases, with all that are let through and every single reason to be refused."""
    clear = [each for each in cases if len(each.broken(booking=True)) <= 1]
    return [*clear[:: max(1, step // 4)], *cases[::step]]


@pytest.fixture
def rules(run: Runtime) -> Clinic:
    ask_for_telehealth(run)
    with run.db.transaction() as session:
        return run.desk.clinics.moment(session).clinic


@pytest.fixture
def tireless(serve: Serve) -> FlaskClient:
    """Somebody who may hold as much as they like."""
    return serve(holds_at_once=10_000, holds_share=1)


def request(clinic: Clinic, case: Case) -> BookingRequest:
    rules = clinic.triage
    assert rules
    yes = SAYS_YES.get(case.answers, ())
    answers = {question.id: question.id in yes for question in rules.questions}
    guardian = Booker(**GUARDIAN, receives=Receives.ALSO) if case.age.endswith("guardian") else None
    return BookingRequest(
        wish=Wish(case.kind, Mode(case.mode), state=case.state),
        start=at(8, 10),
        patient=Person(
            name="Pat Example", email="p@x.example", birth_date=date.fromisoformat(BORN[case.age])
        ),
        booked_by=guardian,
        consents=["telehealth:1"] if case.agreed else [],
        triage=None if case.answers == NO_ANSWERS else evaluate(rules, KIND, answers, uuid4(), NOW),
    )


def test_the_rules_let_through_what_breaks_none_of_them(rules: Clinic) -> None:
    assert len(CASES) == 360
    wrong = {}
    for case in CASES:
        try:
            search_for(rules, request(rules, case), NOW)
            found = ""
        except SchedulerError as refused:
            found = slug_of(refused)
        broken = case.broken(booking=True)
        if found not in (broken or {""}):
            wrong[case] = found
    assert wrong == {}


class Doors:
    """Asks over HTTP, each time for a time and a person that nobody had."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.numbers = count()
        self.starts = self._starts()
        self.tokens = {outcome: token(client, outcome) for outcome in SAYS_YES}

    def _starts(self) -> Iterator[datetime]:
        for day in (*range(7, 12), *range(14, 19), *range(21, 24), *range(28, 31)):
            for hour, minute in product(range(9, 16), (0, 30)):
                yield at(day, hour, minute)

    def wish(self, case: Case) -> dict[str, Any]:
        place = {"location": "main"} if case.mode == Mode.IN_PERSON else {}
        answers = {} if case.answers == NO_ANSWERS else {"triage": self.tokens[case.answers]}
        state = {"state": case.state} if case.state else {}
        start = next(self.starts).isoformat()
        return {"visit_type": case.kind, "mode": case.mode, "start": start, **place, **answers, **state}

    def booking(self, case: Case, wish: dict[str, Any]) -> dict[str, Any]:
        mail = f"pat{next(self.numbers)}@patients.example"
        body = {**wish, "patient": {"name": "Pat Example", "birth_date": BORN[case.age], "email": mail}}
        body["consents"] = ["telehealth:1"] if case.agreed else []
        if case.age.endswith("guardian"):
            body["booked_by"] = {**GUARDIAN, "receives": "also"}
        return body

    def ask(
        self, path: str, body: dict[str, Any], headers: Headers | None = None
    ) -> tuple[str, dict[str, Any]]:
        """The problem that was named, or nothing; and the answer."""
        answer = self.client.post(path, json=body, headers=headers or {})
        said_ = answer.get_json()
        return (str(said_["type"]).rpartition("/")[2] if answer.status_code >= 400 else ""), said_


@pytest.mark.usefixtures("rules")
def test_hold_and_booking_are_one_door_with_and_without_each_other(tireless: FlaskClient) -> None:
    doors, wrong = Doors(tireless), {}
    for case in spread(CASES, 24):
        wish = doors.wish(case)
        held, hold = doors.ask("/v1/holds", wish)
        if held not in (case.broken(booking=False) or {""}):
            wrong["hold", case] = held
        body = doors.booking(case, wish) | ({} if held else {"hold": hold["id"]})
        found, _ = doors.ask("/v1/visits", body)
        if found not in (case.broken(booking=True) or {""}):
            wrong["book", case] = found
    assert wrong == {}


@pytest.mark.usefixtures("rules")
def test_a_hold_got_rightly_books_nothing_that_a_direct_call_could_not(tireless: FlaskClient) -> None:
    """Whoever held with good answers and then books with others."""
    doors, good = Doors(tireless), Case(KIND, "telemedicine", "nothing", "TX", "adult", True)
    for answers, state in (("none", "TX"), ("emergency", "TX"), ("same_day_call", "TX"), ("nothing", "LA")):
        case = good._replace(answers=answers, state=state)
        wish = doors.wish(good)
        _, hold = doors.ask("/v1/holds", wish)
        changed = {name: value for name, value in wish.items() if name != "triage"} | {"state": state}
        if answers != NO_ANSWERS:
            changed["triage"] = doors.tokens[answers]
        found, _ = doors.ask("/v1/visits", doors.booking(case, changed) | {"hold": hold["id"]})
        assert found in case.broken(booking=True), case


@pytest.mark.usefixtures("rules")
def test_a_conversion_is_no_back_door(tireless: FlaskClient) -> None:
    doors, wrong = Doors(tireless), {}
    for kind, answers, state, agreed in product(
        ("follow-up", KIND), (NO_ANSWERS, *SAYS_YES), (None, "TX", "LA"), (False, True)
    ):
        case = Case(kind, "telemedicine", answers, state, "adult", agreed)
        if agreed and case.broken(booking=True) and state == "LA":
            continue  # the same refusals as without consent
        start = case._replace(mode="in_person", answers="nothing")
        visit = said(tireless.post("/v1/visits", json=doors.booking(start, doors.wish(start))), 201)
        body: dict[str, Any] = {"mode": "telemedicine", "consents": ["telehealth:1"] if agreed else []}
        body |= {"state": state} if state else {}
        body |= {} if answers == NO_ANSWERS else {"triage": doors.tokens[answers]}
        # the booking's own consent counts as well
        found, _ = doors.ask(f"/v1/visits/{visit['id']}/convert", body, patient_of(visit))
        if found not in (case.broken(booking=True) or {""}):
            wrong[case] = found
    assert wrong == {}


def test_checked_in_is_who_is_where_the_practitioner_may_see_them(
    tireless: FlaskClient, run: Runtime
) -> None:
    """Visits of every kind × mode × age that could be booked, and each state that is said since."""
    ask_for_telehealth(run)
    doors, desk, wrong = Doors(tireless), staff_with(run, Scope.VISITS), {}
    allowed = [case for case in CASES if case.agreed and case.state == "TX" and not case.broken(booking=True)]
    for case, now in product(allowed[::3], ("", "TX", "LA")):
        video = case.mode == Mode.TELEMEDICINE
        if now and not video:
            continue  # nobody asks where somebody is who comes
        visit = said(tireless.post("/v1/visits", json=doors.booking(case, doors.wish(case))), 201)
        path = f"/v1/visits/{visit['id']}"
        if now:
            doors.ask(f"{path}/whereabouts", {**HOME, "state": now}, desk)
        doors.ask(f"{path}/arrive", {}, desk)
        found, _ = doors.ask(f"{path}/check-in", {}, desk)
        if found != ("not-licensed" if now == "LA" else ""):
            wrong[case, now] = found
    assert wrong == {}


def test_a_move_looks_at_place_and_consent_again_and_asks_no_questions(
    client: FlaskClient, run: Runtime
) -> None:
    ask_for_telehealth(run)
    answered = {"visit_type": KIND, "triage": token(client), "consents": ["telehealth:1"]}
    visit = booked(client, 0, **answered)
    path, mine = f"/v1/visits/{visit['id']}/reschedule", patient_of(visit)
    later = {"start": at(9, 11).isoformat()}
    assert said(client.post(path, json={**later, "state": "LA"}, headers=mine), 422)["type"].endswith(
        "licensed"
    )
    said(client.post(path, json=later, headers=mine))
    put_in_force(run, {})  # without the text: nothing to agree to
    ask_for_telehealth(run, "2")
    refused = said(client.post(path, json={"start": at(10, 11).isoformat()}, headers=mine), 422)
    assert refused["type"] == "/problems/consent-required"
