"""Holding a time over HTTP."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from scheduler.bootstrap import Runtime
from scheduler.db.models import Hold
from scheduler.domain.scopes import Scope
from scheduler.services.accounts.access import create_key
from tests.api.conftest import Serve
from tests.cast import NOW, at, wish

TEN = at(3, 10)


def held(start: datetime = TEN, **more: object) -> dict[str, Any]:
    """The body of a hold: a follow-up by video."""
    return {
        "visit_type": "follow-up",
        "mode": "telemedicine",
        "state": "TX",
        "start": start.isoformat(),
        **more,
    }


def booking(body: dict[str, Any], hold: str | None, number: int = 0) -> dict[str, Any]:
    return {**wish(TEN, number), **body, "hold": hold}


@pytest.fixture
def staff(run: Runtime) -> dict[str, str]:
    with run.db.transaction() as session:
        key = create_key(session, "front-desk", frozenset({Scope.VISITS}), run.db.now(session))
    return {"Authorization": f"Bearer {key}"}


def test_a_hold_is_answered_with_what_is_held_and_until_when(client: FlaskClient) -> None:
    answer = client.post("/v1/holds", json=held())
    assert answer.status_code == 201, answer.text
    body = answer.get_json()
    assert set(body) == {"id", "expires_at", "start", "end", "practitioner", "location"}
    assert body["start"] == "2026-12-03T10:00:00-06:00"
    assert body["end"] == "2026-12-03T10:30:00-06:00"
    assert (body["practitioner"], body["location"]) == ("one", None)
    ends = datetime.fromisoformat(body["expires_at"])
    assert timedelta(minutes=9) < ends - NOW < timedelta(minutes=11)
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_hold_becomes_a_visit(client: FlaskClient, run: Runtime) -> None:
    mine = client.post("/v1/holds", json=held()).get_json()
    answer = client.post("/v1/visits", json=booking(held(), mine["id"]))
    assert answer.status_code == 201, answer.text
    visit = answer.get_json()
    assert (visit["start"], visit["practitioner"]) == (mine["start"], mine["practitioner"])
    assert client.delete(f"/v1/holds/{mine['id']}").status_code == 404
    with run.db.transaction() as session:
        assert session.scalars(select(Hold)).all() == []


def test_a_hold_with_all_that_it_was_answered_with_becomes_a_visit(client: FlaskClient) -> None:
    there: dict[str, Any] = {"mode": "in_person", "location": "main"}
    mine = client.post("/v1/holds", json=held(**there)).get_json()
    named = {**held(**there), "practitioner": mine["practitioner"], "location": mine["location"]}
    visit = client.post("/v1/visits", json=booking(named, mine["id"]))
    assert visit.status_code == 201, visit.text


def test_a_held_time_is_taken_for_everybody_else(client: FlaskClient) -> None:
    one: dict[str, Any] = {"practitioner": "one"}
    mine = client.post("/v1/holds", json=held(**one)).get_json()
    for answer in (
        client.post("/v1/holds", json=held(**one)),
        client.post("/v1/visits", json={**wish(TEN, 1), **one}),
        client.post("/v1/visits", json={**wish(TEN, 1), **one, "hold": str(uuid4())}),
    ):
        assert answer.status_code == 409
        assert answer.get_json()["type"] == "/problems/slot-taken"
        assert answer.get_json()["alternatives"]
    visit = client.post("/v1/visits", json=booking(held(**one), mine["id"]))
    assert visit.status_code == 201


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"start": at(3, 11).isoformat()}, "/start"),
        ({"mode": "in_person"}, "/mode"),
        ({"visit_type": "buffered"}, "/visit_type"),
        ({"practitioner": "two"}, "/practitioner"),
    ],
)
def test_a_booking_that_differs_from_its_hold_is_told_where(
    client: FlaskClient, change: dict[str, str], pointer: str
) -> None:
    mine = client.post("/v1/holds", json=held()).get_json()
    answer = client.post("/v1/visits", json={**booking(held(), mine["id"]), **change})
    assert answer.status_code == 422
    (fault,) = answer.get_json()["errors"]
    assert (fault["pointer"], fault["code"]) == (pointer, "not-as-held")


BAD = [
    ({"start": "tomorrow"}, "/start", "not-an-instant"),
    ({"visit_type": "nothing"}, "/visit_type", "unknown"),
    ({"practitioner": "nobody"}, "/practitioner", "unknown"),
    ({"location": "main"}, "/location", "not-offered"),
    ({"mode": "phone"}, "/mode", "not-a-choice"),
    ({"patient": {}}, "/patient", "unknown-field"),
    ({"expires_at": TEN.isoformat()}, "/expires_at", "unknown-field"),
]


@pytest.mark.parametrize(("change", "pointer", "code"), BAD, ids=lambda value: str(value)[:30])
def test_a_faulty_hold_is_answered_with_where_and_why(
    client: FlaskClient, change: dict[str, object], pointer: str, code: str
) -> None:
    answer = client.post("/v1/holds", json={**held(), **change})
    assert answer.status_code == 422
    assert [(each["pointer"], each["code"]) for each in answer.get_json()["errors"]] == [(pointer, code)]


def test_a_time_that_is_not_offered_is_not_held(client: FlaskClient) -> None:
    answer = client.post("/v1/holds", json=held(at(3, 7)))
    assert (answer.status_code, answer.get_json()["type"]) == (422, "/problems/slot-not-offered")


def test_a_hold_is_given_back_once(client: FlaskClient) -> None:
    mine = client.post("/v1/holds", json=held(practitioner="one")).get_json()
    given_back = client.delete(f"/v1/holds/{mine['id']}")
    assert (given_back.status_code, given_back.data) == (204, b"")
    assert client.delete(f"/v1/holds/{mine['id']}").status_code == 404
    assert client.post("/v1/holds", json=held(practitioner="one")).status_code == 201


@pytest.mark.parametrize("id", ["00000000-0000-4000-8000-000000000000", "x", "1", "'"])
def test_what_nobody_holds_is_not_found(client: FlaskClient, id: str) -> None:
    answer = client.delete(f"/v1/holds/{id}")
    assert (answer.status_code, answer.get_json()["type"]) == (404, "/problems/not-found")


def test_a_repeated_hold_is_one_hold(client: FlaskClient, run: Runtime) -> None:
    key = {"Idempotency-Key": "0123456789abcdef"}
    first = client.post("/v1/holds", json=held(), headers=key)
    again = client.post("/v1/holds", json=held(), headers=key)
    assert again.status_code == first.status_code == 201
    assert again.get_json() == first.get_json()
    assert (first.headers.get("Idempotency-Replayed"), again.headers["Idempotency-Replayed"]) == (
        None,
        "true",
    )
    other = client.post("/v1/holds", json=held(at(3, 11)), headers=key)
    assert (other.status_code, other.get_json()["type"]) == (422, "/problems/idempotency-conflict")
    visit = client.post("/v1/visits", json=booking(held(), first.get_json()["id"]), headers=key)
    assert visit.status_code == 201, "the key of another route"


def test_of_twenty_who_hold_one_time_at_once_one_does(clinic: object, serve: Serve) -> None:
    client = serve(holds_at_once=100, holds_share=1.0)
    with ThreadPoolExecutor(20) as pool:
        answers = list(
            pool.map(
                lambda _: client.application.test_client().post("/v1/holds", json=held(practitioner="one")),
                range(20),
            )
        )
    statuses = sorted(each.status_code for each in answers)
    assert statuses == [201, *[409] * 19]


def test_the_fourth_hold_of_an_address_waits_and_is_told_how_long(client: FlaskClient) -> None:
    for hour in (9, 10, 11):
        assert client.post("/v1/holds", json=held(at(3, hour))).status_code == 201
    refused = client.post("/v1/holds", json=held(at(3, 12)), headers={"Origin": "https://clinic.example"})
    assert (refused.status_code, refused.get_json()["type"]) == (429, "/problems/rate-limited")
    assert 590 <= int(refused.headers["Retry-After"]) <= 600
    assert refused.headers["Access-Control-Allow-Origin"] == "https://clinic.example"
    assert "Retry-After" in refused.headers["Access-Control-Expose-Headers"]
    other = client.post("/v1/holds", json=held(at(3, 12)), environ_base={"REMOTE_ADDR": "192.0.2.9"})
    assert other.status_code == 201


def test_a_neighbour_in_the_same_ipv6_network_is_the_same_client(client: FlaskClient) -> None:
    for number, hour in enumerate((9, 10, 11)):
        here = {"REMOTE_ADDR": f"2001:db8:1:2::{number}"}
        assert client.post("/v1/holds", json=held(at(3, hour)), environ_base=here).status_code == 201
    there = {"REMOTE_ADDR": "2001:db8:1:2:ffff::1"}
    assert client.post("/v1/holds", json=held(at(3, 12)), environ_base=there).status_code == 429
    elsewhere = {"REMOTE_ADDR": "2001:db8:1:3::1"}
    assert client.post("/v1/holds", json=held(at(3, 12)), environ_base=elsewhere).status_code == 201


def test_who_forwards_themselves_is_still_who_they_are(client: FlaskClient) -> None:
    for number, hour in enumerate((9, 10, 11, 12)):
        forged = {"X-Forwarded-For": f"192.0.2.{number}", "X-Real-IP": f"192.0.2.{number}"}
        answer = client.post("/v1/holds", json=held(at(3, hour)), headers=forged)
    assert answer.status_code == 429


def test_an_address_is_not_kept(client: FlaskClient, run: Runtime) -> None:
    client.post("/v1/holds", json=held(), environ_base={"REMOTE_ADDR": "192.0.2.77"})
    with run.db.transaction() as session:
        (row,) = session.scalars(select(Hold)).all()
    assert row.client
    assert len(row.client) == 32
    assert b"192.0.2.77" not in row.client


def test_many_addresses_together_leave_half_of_a_day(client: FlaskClient) -> None:
    answers = []
    for number in range(40):
        start = at(3, 9) + timedelta(minutes=30 * (number % 16))
        asked = held(start, practitioner="one")
        there = {"REMOTE_ADDR": f"198.51.100.{number}"}
        answers.append(client.post("/v1/holds", json=asked, environ_base=there))
    statuses = [each.status_code for each in answers]
    assert statuses.count(201) == 8
    assert set(statuses[8:16]) == {429}
    assert all(0 < int(each.headers["Retry-After"]) <= 600 for each in answers[8:16])


def test_staff_hold_as_they_like(client: FlaskClient, run: Runtime, staff: dict[str, str]) -> None:
    for hour in (9, 10, 11, 12, 13, 14):
        answer = client.post("/v1/holds", json=held(at(3, hour), practitioner="one"), headers=staff)
        assert answer.status_code == 201, answer.text
    with run.db.transaction() as session:
        assert {each.client for each in session.scalars(select(Hold))} == {None}


def test_a_token_that_opens_nothing_holds_nothing(client: FlaskClient) -> None:
    for token in ("vk_nothing", "nothing"):
        answer = client.post("/v1/holds", json=held(), headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401


def test_without_a_database_nothing_is_held(severed: FlaskClient) -> None:
    assert severed.post("/v1/holds", json=held()).status_code == 503
    assert severed.delete(f"/v1/holds/{uuid4()}").status_code == 503


def test_an_ended_hold_is_not_in_the_way_of_a_visit_that_comes_back(
    client: FlaskClient, run: Runtime, staff: dict[str, str]
) -> None:
    there: dict[str, Any] = {"practitioner": "one", "mode": "in_person", "location": "main"}
    visit = client.post("/v1/visits", json={**wish(TEN), **there}).get_json()
    path = f"/v1/visits/{visit['id']}"
    assert client.post(f"{path}/cancel", json={}, headers=staff).status_code == 200
    assert client.post("/v1/holds", json=held(**there)).status_code == 201
    assert client.post(f"{path}/undo", json={}, headers=staff).status_code == 409
    with run.db.transaction() as session:
        session.execute(update(Hold).values(expires_at=NOW - timedelta(seconds=1)))
    back = client.post(f"{path}/undo", json={}, headers=staff)
    assert (back.status_code, back.get_json()["status"]) == (200, "booked"), back.text
