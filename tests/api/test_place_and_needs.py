"""Where the patient will be, what they need, and who speaks for them: at every door that leads to a visit."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from scheduler.bootstrap import Runtime
from scheduler.domain.scopes import Scope
from tests.api.people import Headers, booked, patient_of, said, staff_with
from tests.cast import at, patient, wish
from tests.services.asking import put_in_force, visit_row

ONLY_ONE_IN_COLORADO = {
    '[[practitioners.licences]]\nstate = "TX"\n\n[[practitioners]]\ncode = "two"': (
        '[[practitioners.licences]]\nstate = "TX"\n[[practitioners.licences]]\nstate = "CO"\n'
        'until = 2026-12-09\n\n[[practitioners]]\ncode = "two"'
    ),
}
NEEDS = """
[[needs]]
code = "asl"
label = { en = "ASL", es = "ASL" }
extra_minutes = 15
modes = ["in_person", "telemedicine"]
staff_task = true

[[needs]]
code = "wheelchair"
label = { en = "Wheelchair", es = "Silla" }
extra_minutes = 5
modes = ["in_person"]

[holidays]"""
CHILD = {"name": "Kid Example", "birth_date": "2012-05-05", "email": "kid@patients.example"}
PARENT = {
    "name": "Kim Example",
    "relationship": "parent",
    "email": "kim@patients.example",
    "receives": "nothing",
}


@pytest.fixture
def colorado(run: Runtime) -> None:
    put_in_force(run, ONLY_ONE_IN_COLORADO)


@pytest.fixture
def needs(run: Runtime) -> None:
    put_in_force(run, {"[holidays]": NEEDS})


@pytest.fixture
def desk(run: Runtime) -> Headers:
    return staff_with(run, Scope.VISITS)


def slots(client: FlaskClient, **more: str) -> dict[str, Any]:
    asked = {"visit_type": "follow-up", "mode": "telemedicine", "from": "2026-12-08", "to": "2026-12-10"}
    return said(client.get("/v1/slots", query_string={**asked, **more}))


def test_without_a_state_nothing_is_held_or_booked_by_video(client: FlaskClient) -> None:
    body = {key: value for key, value in wish(at(8, 10)).items() if key != "state"}
    hold = {key: value for key, value in body.items() if key != "patient"}
    for path, sent in (("/v1/visits", body), ("/v1/holds", hold)):
        problem = said(client.post(path, json=sent), 422)
        assert [(each["pointer"], each["code"]) for each in problem["errors"]] == [("/state", "required")]


@pytest.mark.usefixtures("colorado")
def test_only_who_is_licensed_there_is_offered_held_and_booked(client: FlaskClient) -> None:
    found = slots(client, state="CO")
    assert {who for slot in found["slots"] for who in slot["practitioners"]} == {"one"}
    assert {slot["start"][:10] for slot in found["slots"]} == {"2026-12-08", "2026-12-09"}
    held = said(client.post("/v1/holds", json={**_hold(8), "state": "CO"}), 201)
    assert held["practitioner"] == "one"
    assert booked(client, start=at(9, 10).isoformat(), state="CO")["practitioner"] == "one"


def _hold(day: int) -> dict[str, Any]:
    return {key: value for key, value in wish(at(day, 10)).items() if key != "patient"}


@pytest.mark.usefixtures("colorado")
@pytest.mark.parametrize(
    "more", [{"state": "LA"}, {"state": "CO", "practitioner": "two"}, {"state": "CO", "start": at(10, 10)}]
)
def test_nobody_is_held_or_booked_where_they_may_not_be_seen(
    client: FlaskClient, desk: Headers, more: dict[str, Any]
) -> None:
    more = {**more, "start": more.get("start", at(8, 10)).isoformat()}
    for headers in ({}, desk):
        for path, body in (("/v1/visits", wish(at(8, 10))), ("/v1/holds", _hold(8))):
            problem = said(client.post(path, json={**body, **more}, headers=headers), 422)
            assert problem["type"] == "/problems/not-licensed"


def test_a_state_without_a_licence_has_no_times_but_the_next_in_person(client: FlaskClient) -> None:
    found = slots(client, state="LA")
    assert (found["slots"], found["next_available"], found["reason"]) == ([], None, "not-licensed")
    assert found["next_in_person"] == at(8, 9).isoformat()
    by_video_only = slots(client, state="LA", visit_type="limited")
    assert by_video_only["next_in_person"] is None
    assert "reason" not in slots(client, state="TX")


@pytest.mark.usefixtures("colorado")
def test_a_hold_is_not_booked_for_where_its_practitioner_may_not(client: FlaskClient) -> None:
    held = said(client.post("/v1/holds", json={**_hold(8), "practitioner": "two"}), 201)
    body = {**wish(at(8, 10)), "practitioner": "two", "hold": held["id"]}
    assert (
        said(client.post("/v1/visits", json={**body, "state": "CO"}), 422)["type"] == "/problems/not-licensed"
    )
    said(client.post("/v1/visits", json=body), 201)


@pytest.mark.usefixtures("colorado")
def test_a_move_and_a_conversion_look_at_the_licence_again(client: FlaskClient, run: Runtime) -> None:
    visit = booked(client, state="CO", practitioner="one")
    path, mine = f"/v1/visits/{visit['id']}", patient_of(visit)
    refused = (
        ("reschedule", {"start": at(10, 10).isoformat()}),
        ("reschedule", {"start": at(9, 10).isoformat(), "practitioner": "two"}),
        ("reschedule", {"start": at(9, 10).isoformat(), "state": "LA"}),
        ("convert", {"mode": "telemedicine", "start": at(10, 10).isoformat()}),
    )
    for act, body in refused:
        problem = said(client.post(f"{path}/{act}", json=body, headers=mine), 422)
        assert problem["type"] == "/problems/not-licensed", (act, body)
    own = f"{path}/slots?from=2026-12-08&to=2026-12-10"
    offered = said(client.get(own, headers=mine))["slots"]
    assert {slot["start"][:10] for slot in offered} == {"2026-12-08", "2026-12-09"}
    moved = said(
        client.post(f"{path}/reschedule", json={"start": at(10, 10).isoformat(), "state": "TX"}, headers=mine)
    )
    assert moved["state"] == "TX"


def test_a_visit_in_person_is_converted_only_with_a_state(client: FlaskClient) -> None:
    visit = booked(client, mode="in_person", location="main", practitioner="one")
    assert visit["state"] is None
    path, mine = f"/v1/visits/{visit['id']}/convert", patient_of(visit)
    said(client.post(path, json={"mode": "telemedicine"}, headers=mine), 422)
    problem = said(client.post(path, json={"mode": "telemedicine", "state": "LA"}, headers=mine), 422)
    assert problem["type"] == "/problems/not-licensed"
    assert (
        said(client.post(path, json={"mode": "telemedicine", "state": "TX"}, headers=mine))["state"] == "TX"
    )


def test_a_state_that_there_is_not_is_said_so(client: FlaskClient) -> None:
    for state in ("XX", "Texas", "tx"):
        said(client.post("/v1/visits", json=wish(at(8, 10), state=state)), 422)


@pytest.mark.usefixtures("needs")
def test_what_is_needed_lengthens_the_visit_before_times_are_shown(
    client: FlaskClient, run: Runtime, desk: Headers
) -> None:
    plain, longer = slots(client), slots(client, needs="asl")
    assert (plain["slots"][-1]["start"][11:16], longer["slots"][-1]["start"][11:16]) == ("16:30", "16:15")
    held = said(client.post("/v1/holds", json={**_hold(8), "needs": ["asl"]}), 201)
    assert held["end"] == at(8, 10, 45).isoformat()
    body = wish(at(8, 10), hold=held["id"])
    problem = said(client.post("/v1/visits", json=body), 422)
    assert [(each["pointer"], each["code"]) for each in problem["errors"]] == [("/needs", "not-as-held")]
    visit = said(client.post("/v1/visits", json={**body, "needs": ["asl"]}), 201)
    assert (visit["end"], visit["needs"]) == (at(8, 10, 45).isoformat(), ["asl"])
    assert b"asl" not in (visit_row(run, visit["id"]).needs or b"")
    tasks = said(client.get(f"/v1/tasks?visit={visit['id']}&kind=needs", headers=desk))["items"]
    assert [task["due"][:10] for task in tasks] == ["2026-12-06"]


@pytest.mark.usefixtures("needs")
def test_what_is_needed_is_told_again_when_the_visit_moves_or_ends(
    client: FlaskClient, desk: Headers
) -> None:
    visit = booked(client, needs=["asl"])
    path, mine = f"/v1/visits/{visit['id']}", patient_of(visit)
    moved = said(client.post(f"{path}/reschedule", json={"start": at(9, 11).isoformat()}, headers=mine))
    assert moved["end"] == at(9, 11, 45).isoformat()
    said(client.post(f"{path}/cancel", json={}, headers=mine))
    tasks = said(client.get(f"/v1/tasks?visit={visit['id']}&kind=needs", headers=desk))["items"]
    assert len(tasks) == 3


@pytest.mark.usefixtures("needs")
def test_what_needs_nothing_arranged_is_no_task(client: FlaskClient, desk: Headers) -> None:
    visit = booked(client, mode="in_person", location="main", needs=["wheelchair"])
    assert visit["end"] == at(8, 10, 35).isoformat()
    assert said(client.get(f"/v1/tasks?visit={visit['id']}", headers=desk))["items"] == []
    path, mine = f"/v1/visits/{visit['id']}/convert", patient_of(visit)
    by_video = said(client.post(path, json={"mode": "telemedicine", "state": "TX"}, headers=mine))
    assert by_video["end"] == at(8, 10, 30).isoformat(), "nobody needs a ramp for a video"
    back = said(client.post(path, json={"mode": "in_person"}, headers=mine))
    assert back["end"] == at(8, 10, 35).isoformat()


@pytest.mark.usefixtures("needs")
@pytest.mark.parametrize(("need", "code"), [("wheelchair", "not-offered"), ("harp", "unknown")])
def test_a_need_that_is_not_met_is_said_so(client: FlaskClient, need: str, code: str) -> None:
    problem = said(client.post("/v1/visits", json=wish(at(8, 10), needs=[need])), 422)
    assert [(each["pointer"], each["code"]) for each in problem["errors"]] == [("/needs/0", code)]


def test_a_minor_is_booked_for_by_a_guardian_who_hears_of_it_instead(
    client: FlaskClient, desk: Headers
) -> None:
    for more in ({}, {"booked_by": {**PARENT, "relationship": "neighbour"}}):
        for headers in ({}, desk):
            body = {**wish(at(8, 10)), "patient": CHILD, **more}
            problem = said(client.post("/v1/visits", json=body, headers=headers), 422)
            assert problem["type"] == "/problems/guardian-required"
    visit = booked(client, patient=CHILD, booked_by=PARENT)
    assert {each["role"]: each["receives"] for each in visit["recipients"]} == {
        "patient": False,
        "booked_by": True,
    }


def test_a_visit_does_not_move_to_before_the_day_on_which_the_patient_is_of_age(client: FlaskClient) -> None:
    visit = booked(client, start=at(10, 10).isoformat(), patient={**patient(), "birth_date": "2008-12-10"})
    path, mine = f"/v1/visits/{visit['id']}/reschedule", patient_of(visit)
    problem = said(client.post(path, json={"start": at(9, 10).isoformat()}, headers=mine), 422)
    assert problem["type"] == "/problems/guardian-required"
    said(client.post(path, json={"start": at(10, 11).isoformat()}, headers=mine))
