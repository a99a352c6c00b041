"""Where the patient of a video visit is: asked, kept sealed, looked at against the licence, and forgotten."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text, update

from scheduler.bootstrap import Runtime
from scheduler.db.models import Message, Visit, Whereabouts
from scheduler.domain.actors import PUBLIC
from scheduler.domain.messages import MessageKind
from scheduler.domain.scopes import Scope
from scheduler.domain.visits import Act
from scheduler.domain.whereabouts import Place, Stage
from scheduler.services.changes.scene import Order
from scheduler.services.changes.whereabouts import say_where
from scheduler.services.rounds import places
from tests.api.people import Headers, booked, patient_of, said, staff_with
from tests.services.asking import put_in_force, visit_row

HOME = {"state": "TX", "phone": "(409) 555-0123", "address": "1 Example Street, Exampleville"}
ONES_LICENCE = 'state = "TX"\n\n[[practitioners]]\ncode = "two"'
AWAY = {**HOME, "state": "LA", "address": "Example Inn, room 7"}


@pytest.fixture
def desk(run: Runtime) -> Headers:
    return staff_with(run, Scope.VISITS, Scope.INTAKE, Scope.AUDIT)


def kinds(client: FlaskClient, desk: Headers, visit: dict[str, Any]) -> list[str]:
    return [
        task["kind"] for task in said(client.get(f"/v1/tasks?visit={visit['id']}", headers=desk))["items"]
    ]


def changes(client: FlaskClient, desk: Headers, visit: dict[str, Any]) -> list[str]:
    """What the audit has of the visit, without who looked at it; the newest first."""
    found = said(client.get("/v1/audit", query_string={"object_id": visit["id"]}, headers=desk))["items"]
    return [each["act"] for each in found if each["act"] != "read"]


def say(
    client: FlaskClient, visit: dict[str, Any], place: dict[str, Any], status: int = 200
) -> dict[str, Any]:
    path = f"/v1/visits/{visit['id']}/whereabouts"
    return said(client.post(path, json=place, headers=patient_of(visit)), status)


def test_a_state_without_a_licence_is_kept_and_told_and_the_visit_stays_until_it_is_corrected(
    client: FlaskClient, desk: Headers
) -> None:
    visit = booked(client)
    assert say(client, visit, AWAY, 422)["type"] == "/problems/not-licensed"
    now = said(client.get(f"/v1/visits/{visit['id']}", headers=patient_of(visit)))
    assert (now["status"], now["state"]) == ("booked", "LA")
    assert kinds(client, desk, visit) == ["not-licensed"]
    assert say(client, visit, {**HOME, "in_car": True})["state"] == "TX"
    assert kinds(client, desk, visit) == [], "it was a slip"
    kept = said(client.get(f"/v1/visits/{visit['id']}/intake", headers=desk))["whereabouts"]
    assert [(each["state"], each["licensed"], each["in_car"]) for each in kept] == [
        ("LA", False, False),
        ("TX", True, True),
    ]
    assert kept[0]["address"] == AWAY["address"]


def test_what_was_said_is_sealed(client: FlaskClient, run: Runtime) -> None:
    say(client, booked(client), HOME)
    with run.db.transaction() as session:
        for row in session.execute(text("SELECT w::text FROM whereabouts w")).scalars():
            assert "Example" not in row
            assert bytes("Example", "ascii").hex() not in row


def test_a_visit_in_person_has_no_such_question(client: FlaskClient) -> None:
    visit = booked(client, mode="in_person", location="main")
    assert say(client, visit, HOME, 422)["errors"][0]["code"] == "not-by-video"


@pytest.mark.parametrize("field", ["state", "phone", "address"])
def test_all_of_it_is_needed(client: FlaskClient, field: str) -> None:
    say(client, booked(client), {name: value for name, value in HOME.items() if name != field}, 422)


def test_whoever_is_checked_in_asks_staff_to_correct_it(client: FlaskClient, desk: Headers) -> None:
    visit = booked(client)
    for act in ("arrive", "check-in"):
        said(client.post(f"/v1/visits/{visit['id']}/{act}", json={}, headers=desk))
    say(client, visit, HOME, 409)
    said(client.post(f"/v1/visits/{visit['id']}/whereabouts", json=HOME, headers=desk))


def test_who_may_not_be_seen_there_is_not_checked_in_until_the_place_is_corrected(
    client: FlaskClient, desk: Headers
) -> None:
    visit = booked(client, practitioner="one")
    path = f"/v1/visits/{visit['id']}"
    say(client, visit, AWAY, 422)
    said(client.post(f"{path}/arrive", json={}, headers=desk))
    assert said(client.post(f"{path}/check-in", json={}, headers=desk), 422)["type"].endswith("/not-licensed")
    assert said(client.get(path, headers=desk))["status"] == "arrived"
    assert changes(client, desk, visit)[0] == "arrive"
    said(client.post(f"{path}/whereabouts", json=HOME, headers=desk))
    said(client.post(f"{path}/check-in", json={}, headers=desk))
    assert changes(client, desk, visit)[0] == "check-in"


def test_a_licence_that_ended_since_stops_the_check_in_and_another_practitioner_is_a_way_out(
    client: FlaskClient, run: Runtime, desk: Headers
) -> None:
    visit = booked(client, practitioner="one")
    path = f"/v1/visits/{visit['id']}"
    said(client.post(f"{path}/arrive", json={}, headers=desk))
    put_in_force(run, {ONES_LICENCE: ONES_LICENCE.replace('"TX"', '"TX"\nuntil = 2026-12-07')})
    said(client.post(f"{path}/check-in", json={}, headers=desk), 422)
    to = {"start": visit["start"], "practitioner": "two"}
    said(client.post(f"{path}/reschedule", json=to, headers=desk))
    for act in ("arrive", "check-in"):
        said(client.post(f"{path}/{act}", json={}, headers=desk))


def test_whoever_stands_in_the_clinic_is_checked_in_wherever_they_live(
    client: FlaskClient, desk: Headers
) -> None:
    visit = booked(client, mode="in_person", location="main", state="LA")
    for act in ("arrive", "check-in"):
        said(client.post(f"/v1/visits/{visit['id']}/{act}", json={}, headers=desk))


def test_the_gate_hears_whether_they_may_be_seen_there(client: FlaskClient, run: Runtime) -> None:
    order = Order(UUID(booked(client)["id"]), Act.WHEREABOUTS, PUBLIC)
    for state, allowed in (("LA", False), ("TX", True)):
        place = Place(state, "+14095550123", "parked at 1 Example Street", in_car=True)
        assert say_where(run.desk, order, place, Stage.GATE).allowed is allowed


def test_a_licence_that_ends_puts_the_visits_behind_it_on_the_list_once(
    client: FlaskClient, run: Runtime, desk: Headers
) -> None:
    visit = booked(client, practitioner="one")
    with run.db.transaction() as session:
        now = run.db.now(session)
    assert places.list_unlicensed(run.desk, now) == 0
    put_in_force(run, {ONES_LICENCE: ONES_LICENCE.replace('"TX"', '"TX"\nuntil = 2026-12-07')})
    assert places.list_unlicensed(run.desk, now) == 1
    assert "not-licensed" in kinds(client, desk, visit)
    with run.db.transaction() as session:
        session.execute(text("UPDATE tasks SET done_at = now(), done_by = 'x' WHERE kind = 'not-licensed'"))
    assert places.list_unlicensed(run.desk, now) == 0, "staff have seen to it"


def test_who_was_asked_and_said_nothing_is_called_two_hours_before(
    client: FlaskClient, run: Runtime, desk: Headers
) -> None:
    silent, spoken, unasked = (
        booked(client, n, practitioner=who) for n, who in enumerate(("one", "two", "three"))
    )
    say(client, spoken, HOME)
    asked = [UUID(silent["id"]), UUID(spoken["id"])]
    with run.db.transaction() as session:
        reminders = update(Message).where(Message.visit_id.in_(asked), Message.kind == MessageKind.REMINDER)
        session.execute(reminders.where(Message.offset_minutes == 24 * 60).values(state="sent"))
        start = session.get_one(Visit, asked[0]).starts_at
    assert places.call_who_did_not_say(run.desk, start - timedelta(minutes=121)) == 0
    assert places.call_who_did_not_say(run.desk, start - timedelta(minutes=119)) == 1
    assert places.call_who_did_not_say(run.desk, start - timedelta(minutes=118)) == 0
    assert kinds(client, desk, silent) == ["nowhere"]
    assert kinds(client, desk, unasked) == []
    say(client, silent, HOME)
    assert kinds(client, desk, silent) == []


def test_places_are_forgotten_three_days_after_the_visit(client: FlaskClient, run: Runtime) -> None:
    visit = booked(client)
    say(client, visit, HOME)
    with run.db.transaction() as session:
        now = run.db.now(session)
    assert places.forget_places(run.desk, now) == 0
    for ago, gone in ((71, 0), (73, 1)):
        ended = now - timedelta(hours=ago)
        with run.db.transaction() as session:
            over = update(Visit).where(Visit.id == UUID(visit["id"]))
            session.execute(over.values(starts_at=ended - timedelta(minutes=30), ends_at=ended))
        assert places.forget_places(run.desk, now) == gone
    with run.db.transaction() as session:
        assert session.scalars(select(Whereabouts)).all() == []
    assert visit_row(run, UUID(visit["id"])).state == "TX"
