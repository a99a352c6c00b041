"""The safety questions over HTTP: what they come to, what it opens, and that nothing of it leaks."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text

from scheduler.bootstrap import Runtime
from scheduler.db.models import Callback, TriageCount
from scheduler.domain.scopes import Scope
from scheduler.services.booking.triage import result_of
from tests.api.conftest import Serve
from tests.api.people import Headers, booked, patient_of, said, staff_with
from tests.api.safety import KIND, answer, booked_after, token
from tests.cast import NOW, at, wish
from tests.conftest import settings_for
from tests.services.asking import put_in_force, visit_row

IN_PERSON: dict[str, Any] = {"mode": "in_person", "location": "main"}
OTHERS = ("follow-up", "buffered", "reviewed", "limited")
WHO = {"name": "Pat Example", "phone": "(409) 555-0123"}


@pytest.fixture
def desk(run: Runtime) -> Headers:
    return staff_with(run, Scope.VISITS)


def at_noon() -> float:
    """The offset of a clock that stands at Tuesday noon at the clinic."""
    return settings_for("postgresql://x").clock_offset + timedelta(hours=6).total_seconds()


def kind_of(problem: dict[str, Any]) -> str:
    return str(problem["type"]).removeprefix("/problems/")


def test_the_questions_are_asked_in_the_callers_language(client: FlaskClient) -> None:
    path = f"/v1/triage?visit_type={KIND}"
    asked = said(client.get(path, headers={"Accept-Language": "es-MX"}))
    assert (asked["version"], asked["questions"][1]) == ("q1", {"id": "T4", "text": "¿Fiebre?"})
    assert said(client.get("/v1/triage?visit_type=buffered")) == {"version": None, "questions": []}
    said(client.get("/v1/triage?visit_type=massage"), 422)
    types = said(client.get("/v1/visit-types"))["items"]
    assert {each["code"]: each["triage"] for each in types} == {**dict.fromkeys(OTHERS, False), KIND: True}


def test_a_blank_is_asked_again_and_never_a_no(client: FlaskClient) -> None:
    body: dict[str, Any] = {"visit_type": KIND, "version": "q1", "answers": {"T1": False, "T4": False}}
    problem = said(client.post("/v1/triage", json=body), 422)
    assert [(each["pointer"], each["code"]) for each in problem["errors"]] == [
        ("/answers/T7", "required"),
        ("/answers/T9", "required"),
    ]
    for blank in (None, "", "no", 0):
        body["answers"] = {"T1": blank, "T4": False, "T7": False, "T9": False}
        said(client.post("/v1/triage", json=body), 422)


def test_answers_to_other_questions_than_todays_are_refused(client: FlaskClient) -> None:
    body = {"visit_type": KIND, "version": "0", "answers": {}}
    assert said(client.post("/v1/triage", json=body), 422)["errors"][0]["pointer"] == "/version"
    body = {"visit_type": "buffered", "version": "q1", "answers": {}}
    assert said(client.post("/v1/triage", json=body), 422)["errors"][0]["code"] == "not-asked"


def test_each_outcome_has_its_advice_and_the_number_to_call_now(client: FlaskClient, serve: Serve) -> None:
    """It is six in the morning: the clinic is closed."""
    assert answer(client)["advice"] is None
    assert answer(client, "T7")["advice"] == {"text": "We will call.", "phone": "+14095550110"}
    assert answer(client, "T4")["advice"] == {"text": "We are closed.", "phone": "+14095550110"}
    assert answer(client, "T1")["advice"] == {"text": "Call 911.", "phone": "+14095550110"}
    assert answer(client, "T4", "T9")["outcome"] == "emergency"
    open_now = serve(clock_offset=at_noon())
    assert answer(open_now, "T4")["advice"] == {"text": "We must talk.", "phone": "+14095550100"}
    assert answer(open_now, "T1", language="es")["advice"]["text"] == "Llame al 911."


def test_without_answers_nothing_is_held_or_booked(client: FlaskClient, desk: Headers) -> None:
    body = wish(at(8, 10), visit_type=KIND)
    hold = {key: value for key, value in body.items() if key != "patient"}
    wrong = [{}, {"triage": "nonsense"}, {"triage": token(client)[:-4] + "AAAA"}]
    for more in wrong:
        for path, sent in (("/v1/visits", body), ("/v1/holds", hold)):
            for headers in ({}, desk):
                answered = said(client.post(path, json={**sent, **more}, headers=headers), 403)
                assert kind_of(answered) == "triage-required"
    mine = token(client)
    held = said(client.post("/v1/holds", json={**hold, "triage": mine}), 201)["id"]
    assert kind_of(said(client.post("/v1/visits", json={**body, "hold": held}), 403)) == "triage-required"
    said(client.post("/v1/visits", json={**body, "hold": held, "triage": mine}), 201)


def test_an_emergency_opens_nothing_whatever_is_booked(client: FlaskClient, desk: Headers) -> None:
    """Also where no questions are asked, and where staff would set them aside."""
    urgent = token(client, "emergency")
    aside = {"override": {"rules": ["triage"], "reason": "asked-by-phone"}}
    for kind in (KIND, "buffered"):
        body = wish(at(8, 10), visit_type=kind, triage=urgent)
        hold = {key: value for key, value in body.items() if key != "patient"}
        for path, sent, headers in (
            ("/v1/visits", body, {}),
            ("/v1/holds", hold, {}),
            ("/v1/visits", {**body, **aside}, desk),
        ):
            problem = said(client.post(path, json=sent, headers=headers), 403)
            assert kind_of(problem) == "emergency"
            assert problem["advice"] == {"text": "Call 911.", "phone": "+14095550110"}
    said(client.post("/v1/visits", json={**wish(at(8, 10), visit_type=KIND), "triage": token(client)}), 201)


def test_answers_that_ask_for_a_call_leave_visits_in_person(client: FlaskClient, desk: Headers) -> None:
    mine = token(client, "same_day_call")
    problem = said(client.post("/v1/visits", json=wish(at(8, 10), visit_type=KIND, triage=mine)), 422)
    assert [(each["pointer"], each["code"]) for each in problem["errors"]] == [("/mode", "in-person-only")]
    visit = booked(client, visit_type=KIND, triage=mine, **IN_PERSON)
    tasks = said(client.get(f"/v1/tasks?visit={visit['id']}", headers=desk))["items"]
    assert [task["kind"] for task in tasks] == ["callback"], "nobody left a number: staff call all the same"


def test_who_left_a_number_is_called_once(client: FlaskClient, desk: Headers) -> None:
    mine = token(client, "same_day_call")
    said(client.post("/v1/callbacks", json={"triage": mine, **WHO}), 202)
    said(client.post("/v1/callbacks", json={"triage": mine, **WHO, "name": "Pat B. Example"}), 202)
    booked(client, visit_type=KIND, triage=mine, **IN_PERSON)
    tasks = said(client.get("/v1/tasks?kind=callback", headers=desk))["items"]
    assert [task["call"] for task in tasks] == [
        {"name": "Pat B. Example", "phone": "+14095550123", "language": "en"}
    ]


def test_a_visit_after_such_answers_that_can_wait_gives_staff_days(
    client: FlaskClient, desk: Headers
) -> None:
    visit = booked_after(client, "soon")
    (task,) = said(client.get(f"/v1/tasks?visit={visit['id']}", headers=desk))["items"]
    assert (task["kind"], task["due"][:10]) == ("call-soon", "2026-12-03")


def test_a_call_is_asked_for_with_answers_that_ask_for_one(client: FlaskClient, serve: Serve) -> None:
    for mine in ("nonsense", token(client), token(client, "soon")):
        assert (
            kind_of(said(client.post("/v1/callbacks", json={"triage": mine, **WHO}), 403))
            == "triage-required"
        )
    closed = said(client.post("/v1/callbacks", json={"triage": token(client, "emergency"), **WHO}), 202)
    assert closed == {"open": False, "advice": {"text": "Call 911. We are closed.", "phone": "+14095550110"}}
    at_day = serve(clock_offset=at_noon())
    asked = {"triage": token(at_day, "same_day_call"), **WHO}
    opened = said(at_day.post("/v1/callbacks", json=asked), 202)
    assert opened == {"open": True, "advice": {"text": "We call today.", "phone": "+14095550100"}}


def test_answers_count_for_half_an_hour_for_one_type_and_one_version(
    client: FlaskClient, run: Runtime, serve: Serve
) -> None:
    mine = token(client)
    later = serve(clock_offset=run.settings.clock_offset + 31 * 60)
    body = wish(at(8, 10), visit_type=KIND, triage=mine)
    assert kind_of(said(later.post("/v1/visits", json=body), 403)) == "triage-required"
    urgent = wish(at(8, 10), visit_type=KIND, triage=token(client, "emergency"))
    assert kind_of(said(later.post("/v1/visits", json=urgent), 403)) == "emergency", "it does not grow better"
    put_in_force(run, {'version = "q1"': 'version = "q2"'})
    assert kind_of(said(client.post("/v1/visits", json=body), 403)) == "triage-required"


def test_questions_answered_anew_while_the_time_is_held_count(client: FlaskClient, run: Runtime) -> None:
    body = wish(at(8, 10), visit_type=KIND)
    hold = {key: value for key, value in body.items() if key != "patient"}
    held = said(client.post("/v1/holds", json={**hold, "triage": token(client)}), 201)["id"]
    said(client.post("/v1/visits", json={**body, "hold": held, "triage": token(client)}), 201)


def test_a_move_does_not_ask_again_but_another_mode_does(client: FlaskClient, run: Runtime) -> None:
    visit = booked_after(client, practitioner="one")
    path, mine = f"/v1/visits/{visit['id']}", patient_of(visit)
    said(client.post(f"{path}/reschedule", json={"start": at(8, 11).isoformat()}, headers=mine))
    said(client.post(f"{path}/convert", json={"mode": "telemedicine"}, headers=mine))
    to_person = {"mode": "in_person"}
    assert (
        kind_of(said(client.post(f"{path}/convert", json=to_person, headers=mine), 403)) == "triage-required"
    )
    urgent = {"mode": "telemedicine", "triage": token(client, "emergency")}
    assert kind_of(said(client.post(f"{path}/convert", json=urgent, headers=mine), 403)) == "emergency"
    answered = {**to_person, "triage": token(client, "same_day_call")}
    said(client.post(f"{path}/convert", json=answered, headers=mine))
    back = {"mode": "telemedicine", "state": "TX", "triage": token(client, "same_day_call")}
    problem = said(client.post(f"{path}/convert", json=back, headers=mine), 422)
    assert problem["errors"][0]["code"] == "in-person-only"
    row = visit_row(run, UUID(visit["id"]))
    kept = result_of(run.desk.secrets.vault, row.id, row.triage)
    assert kept
    assert (kept.rules, kept.version) == (("T4",), "q1")


def test_staff_set_the_questions_aside_with_a_reason(
    client: FlaskClient, run: Runtime, desk: Headers
) -> None:
    body = wish(at(8, 10), visit_type=KIND, override={"rules": ["triage"], "reason": "asked-by-phone"})
    said(client.post("/v1/visits", json=body), 403)
    visit = said(client.post("/v1/visits", json=body, headers=desk), 201)
    history = said(client.get(f"/v1/visits/{visit['id']}/history", headers=desk))["items"]
    assert history[0]["reason"] == "asked-by-phone"


def test_what_was_answered_is_sealed_and_an_emergency_keeps_nobody(client: FlaskClient, run: Runtime) -> None:
    urgent = token(client, "emergency")
    said(client.post("/v1/visits", json=wish(at(8, 10), visit_type=KIND, triage=urgent)), 403)
    visit = booked_after(client, "soon")
    with run.db.transaction() as session:
        counts = {each.outcome: each.answers for each in session.scalars(select(TriageCount))}
        assert counts == {"emergency": 1, "soon": 1}
        assert session.scalars(select(Callback)).all() == []
        tables = session.execute(
            text("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        )
        for (table,) in tables.all():
            if table not in ("clinic_versions", "triage_counts"):
                for row in session.execute(text(f"SELECT t::text FROM {table} t")).scalars():
                    assert '"T7"' not in row
                    assert "emergency" not in row
    assert b"T7" not in (visit_row(run, UUID(visit["id"])).triage or b"")
    assert "T7" not in urgent
    assert NOW.isoformat()[:10] not in urgent


def test_figures_say_how_often_and_nothing_else(run: Runtime, serve: Serve) -> None:
    scraped = serve(metrics_token="a-token-of-the-tests-to-read-figures")
    answer(scraped, "T1")
    answer(scraped)
    headers = {"Authorization": "Bearer a-token-of-the-tests-to-read-figures"}
    figures = scraped.get("/metrics", headers=headers).text
    assert 'visits_triage_answers_total{outcome="emergency"} 1.0' in figures
