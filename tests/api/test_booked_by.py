"""Somebody books for somebody else."""

from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

from scheduler.bootstrap import Runtime
from scheduler.db.models import Message, Recipient
from tests.cast import at, wish

PARENT = {
    "name": "Parent Example",
    "relationship": "parent",
    "email": "parent@patients.example",
    "receives": "instead",
}


def book(client: FlaskClient, booked_by: dict[str, str], **patient: object) -> tuple[int, dict[str, Any]]:
    body = wish(at(8, 10), booked_by=booked_by)
    body["patient"] = {**body["patient"], **patient}
    answer = client.post("/v1/visits", json=body)
    said: dict[str, Any] = answer.get_json()
    return answer.status_code, said


def told(run: Runtime) -> set[str]:
    with run.db.transaction() as session:
        rows = session.scalars(select(Recipient.role).join(Message, Message.recipient_id == Recipient.id))
        return set(rows)


def test_a_parent_hears_instead_of_the_child(client: FlaskClient, run: Runtime) -> None:
    status, visit = book(client, PARENT, email=None)
    assert (status, visit["notify"]) == (201, "email")
    assert told(run) == {"booked_by"}


def test_a_helper_may_hear_as_well(client: FlaskClient, run: Runtime) -> None:
    status, _ = book(client, {**PARENT, "receives": "also"})
    assert status == 201
    assert told(run) == {"booked_by", "patient"}


def test_a_helper_who_wants_to_hear_nothing_hears_nothing(client: FlaskClient, run: Runtime) -> None:
    book(client, {**PARENT, "receives": "nothing"})
    assert told(run) == {"patient"}


def test_helper_and_patient_hold_different_links_to_the_same_visit(client: FlaskClient, run: Runtime) -> None:
    _, visit = book(client, {**PARENT, "receives": "also"})
    headers = {"Authorization": f"Bearer {visit['token']}"}
    seen: dict[str, Any] = client.get(f"/v1/visits/{visit['id']}", headers=headers).get_json()
    assert seen["links"] == visit["links"]
    assert [each["role"] for each in seen["recipients"]] == ["booked_by", "patient"]
    assert "parent@" not in str(seen)


def test_somebody_must_be_reachable(client: FlaskClient) -> None:
    status, said = book(client, {**PARENT, "email": None, "receives": "nothing"}, email=None)  # type: ignore[dict-item]
    assert (status, said["errors"][0]["code"]) == (422, "no-contact")
    status, said = book(client, {**PARENT, "email": None})  # type: ignore[dict-item]
    assert (status, said["errors"][0]["pointer"]) == (422, "/booked_by")
