"""What patients and staff do to a visit, over HTTP."""

from typing import Any, NamedTuple

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse

from scheduler.bootstrap import Runtime
from scheduler.db.models import Claim, Message, Visit, VisitEvent
from scheduler.domain.scopes import Scope
from scheduler.services.accounts.access import create_key
from tests.cast import at, wish


@pytest.fixture
def staff(run: Runtime) -> dict[str, str]:
    """Headers of somebody at the front desk."""
    with run.db.transaction() as session:
        key = create_key(session, "front-desk", frozenset(Scope), run.db.now(session))
    return {"Authorization": f"Bearer {key}"}


def booked(client: FlaskClient, number: int = 0, **more: object) -> dict[str, Any]:
    """A visit that somebody booked for Tuesday in a week, 10:00."""
    answer = client.post("/v1/visits", json=wish(at(8, 10), number, **more))
    assert answer.status_code == 201, answer.text
    visit: dict[str, Any] = answer.get_json()
    return visit


def patient_of(visit: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {visit['token']}"}


class Answer(NamedTuple):
    status_code: int
    json: dict[str, Any]
    headers: Headers
    text: str


def act(client: FlaskClient, visit: dict[str, Any], name: str, who: dict[str, str], **body: object) -> Answer:
    return told(client.post(f"/v1/visits/{visit['id']}/{name}", json=body, headers=who))


def told(answer: TestResponse) -> Answer:
    return Answer(answer.status_code, answer.get_json(), answer.headers, answer.text)


def messages(run: Runtime) -> list[tuple[str, int, str]]:
    with run.db.transaction() as session:
        rows = session.execute(select(Message.kind, Message.sequence, Message.state).order_by(Message.id))
        return [(kind, sequence, state) for kind, sequence, state in rows]


def test_a_patient_moves_a_visit_and_its_calendar_entry_stays_the_same(
    client: FlaskClient, run: Runtime
) -> None:
    visit = booked(client)
    with run.db.transaction() as session:
        uid = session.scalars(select(Visit.uid)).one()
    moved = act(client, visit, "reschedule", patient_of(visit), start=at(9, 11, 30).isoformat())
    assert moved.status_code == 200, moved.text
    assert moved.json["start"] == "2026-12-09T11:30:00-06:00"
    assert (moved.json["id"], moved.json["sequence"], moved.headers["ETag"]) == (visit["id"], 1, '"2"')
    with run.db.transaction() as session:
        assert session.scalars(select(Visit.uid)).one() == uid
        assert len(session.scalars(select(Claim)).all()) == 2


def test_a_move_by_less_than_the_visit_itself_does_not_collide_with_it(client: FlaskClient) -> None:
    visit = booked(client)
    moved = act(client, visit, "reschedule", patient_of(visit), start=at(8, 10, 15).isoformat())
    assert moved.status_code == 200, moved.text


def test_a_move_voids_what_was_planned_and_tells_it_once(client: FlaskClient, run: Runtime) -> None:
    visit = booked(client)
    act(client, visit, "reschedule", patient_of(visit), start=at(9, 11).isoformat())
    told = messages(run)
    assert {state for _, sequence, state in told if sequence == 0} == {"superseded"}
    assert [kind for kind, sequence, _ in told if sequence == 1] == [
        "changed",
        "reminder",
        "reminder",
        "join",
    ]


def test_a_move_onto_taken_time_is_refused_with_other_times(client: FlaskClient) -> None:
    first, second = booked(client, practitioner="one"), booked(client, number=2, practitioner="two")
    moved = act(client, second, "reschedule", patient_of(second), start=first["start"], practitioner="one")
    assert (moved.status_code, moved.json["type"]) == (409, "/problems/slot-taken")
    assert moved.json["alternatives"]


def test_a_visit_becomes_in_person_at_the_same_time_with_a_room(client: FlaskClient, run: Runtime) -> None:
    visit = booked(client, practitioner="one")
    converted = act(client, visit, "convert", patient_of(visit), mode="in_person")
    assert converted.status_code == 200, converted.text
    assert (converted.json["location"], converted.json["links"]["join"]) == ("main", None)
    with run.db.transaction() as session:
        assert len(session.scalars(select(Claim)).all()) == 3
    back = act(client, visit, "convert", patient_of(visit), mode="telemedicine")
    assert back.json["links"]["join"] == visit["links"]["join"]


def test_a_cancelled_visit_gives_its_time_back_and_says_so_once(client: FlaskClient, run: Runtime) -> None:
    visit = booked(client)
    cancelled = act(client, visit, "cancel", patient_of(visit))
    assert (cancelled.json["status"], cancelled.json["sequence"]) == ("cancelled", 1)
    assert booked(client, number=2)["start"] == visit["start"]
    assert [kind for kind, sequence, state in messages(run) if sequence == 1 and state == "pending"] == [
        "cancelled"
    ]
    again = act(client, visit, "cancel", patient_of(visit))
    assert (again.status_code, again.json["type"]) == (409, "/problems/illegal-transition")


def test_a_visit_goes_its_way_through_the_clinic(
    client: FlaskClient, run: Runtime, staff: dict[str, str]
) -> None:
    visit = booked(client)
    for name, status in (("arrive", "arrived"), ("check-in", "checked-in"), ("complete", "fulfilled")):
        answer = act(client, visit, name, staff)
        assert (answer.status_code, answer.json["status"]) == (200, status), answer.text
    with run.db.transaction() as session:
        acts = session.scalars(select(VisitEvent.act).order_by(VisitEvent.id)).all()
    assert acts == ["book", "arrive", "check-in", "complete"]


def test_what_is_not_possible_says_what_is(client: FlaskClient, staff: dict[str, str]) -> None:
    visit = booked(client)
    answer = act(client, visit, "complete", staff)
    assert answer.status_code == 409
    assert "arrive" in answer.json["allowed"]


def test_a_request_is_approved_and_then_confirmed(
    client: FlaskClient, run: Runtime, staff: dict[str, str]
) -> None:
    visit = booked(client, visit_type="reviewed")
    assert visit["status"] == "pending"
    approved = act(client, visit, "approve", staff)
    assert (approved.json["status"], approved.json["sequence"]) == ("booked", 1)
    assert next(kind for kind, sequence, _ in messages(run) if sequence == 1) == "confirmed"


def test_a_patient_cannot_do_what_staff_do(client: FlaskClient) -> None:
    visit = booked(client)
    assert act(client, visit, "arrive", patient_of(visit)).status_code == 403


def test_a_cancel_is_undone_while_the_time_is_free(client: FlaskClient, staff: dict[str, str]) -> None:
    visit = booked(client)
    act(client, visit, "cancel", staff)
    undone = act(client, visit, "undo", staff)
    assert (undone.json["status"], undone.json["sequence"]) == ("booked", 2)
    act(client, visit, "cancel", staff)
    booked(client, number=2, practitioner=visit["practitioner"])
    refused = act(client, visit, "undo", staff)
    assert (refused.status_code, refused.json["type"]) == (409, "/problems/slot-taken")


def test_a_cancel_is_not_undone_into_time_off(client: FlaskClient, staff: dict[str, str]) -> None:
    visit = booked(client)
    act(client, visit, "cancel", staff)
    away = {"practitioner": visit["practitioner"], "start": visit["start"], "end": visit["end"]}
    assert client.post("/v1/time-off", json=away, headers=staff).status_code == 201
    refused = act(client, visit, "undo", staff)
    assert (refused.status_code, refused.json["type"]) == (409, "/problems/slot-taken")


def test_only_one_step_is_undone(client: FlaskClient, staff: dict[str, str]) -> None:
    visit = booked(client)
    act(client, visit, "arrive", staff)
    act(client, visit, "check-in", staff)
    assert act(client, visit, "undo", staff).json["status"] == "arrived"
    assert act(client, visit, "undo", staff).status_code == 409


def test_a_change_of_an_older_version_is_refused(client: FlaskClient, staff: dict[str, str]) -> None:
    visit = booked(client)
    act(client, visit, "confirm", staff)
    late = act(client, visit, "cancel", {**staff, "If-Match": '"1"'})
    assert (late.status_code, late.json["type"]) == (412, "/problems/stale")
    assert act(client, visit, "cancel", {**staff, "If-Match": '"2"'}).status_code == 200


def test_shortly_before_the_visit_a_patient_calls_to_move_it_but_may_cancel(client: FlaskClient) -> None:
    body = {**wish(at(1, 11)), "practitioner": "one"}
    visit = told(client.post("/v1/visits", json=body)).json
    late = act(client, visit, "reschedule", patient_of(visit), start=at(9, 11).isoformat())
    assert (late.status_code, late.json["type"]) == (409, "/problems/too-late")
    assert late.json["phone"]
    assert act(client, visit, "cancel", patient_of(visit)).status_code == 200


def test_free_times_for_moving_count_the_own_time_as_free(client: FlaskClient) -> None:
    visit = booked(client, practitioner="one")
    path = f"/v1/visits/{visit['id']}/slots?from=2026-12-08&to=2026-12-08&practitioner=one"
    own = told(client.get(path, headers=patient_of(visit))).json["slots"]
    query = "visit_type=follow-up&mode=telemedicine&from=2026-12-08&to=2026-12-08&practitioner=one"
    public = told(client.get(f"/v1/slots?{query}")).json["slots"]
    assert visit["start"] in [slot["start"] for slot in own]
    assert visit["start"] not in [slot["start"] for slot in public]


def test_staff_book_within_the_notice_for_a_caller(client: FlaskClient, staff: dict[str, str]) -> None:
    soon = wish(at(1, 9))
    assert client.post("/v1/visits", json=soon).status_code == 422
    assert client.post("/v1/visits", json=soon, headers=staff).status_code == 422
    override = {"rules": ["notice"], "reason": "caller-in-pain"}
    assert client.post("/v1/visits", json={**soon, "override": override}).status_code == 403
    answer = told(client.post("/v1/visits", json={**soon, "override": override}, headers=staff))
    assert (answer.status_code, answer.json["token"], answer.json["links"]) == (201, None, None), answer.text
