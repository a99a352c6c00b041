"""Practitioners' other calendars over HTTP: entered, looked at, taken away, and never shown whole."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from scheduler.bootstrap import Runtime
from scheduler.db.models import AuditEntry, OutsideCalendar
from scheduler.domain.scopes import Scope
from tests.api.conftest import Serve
from tests.api.people import Headers, said, staff_with
from tests.services.asking import count

ADDRESS = "https://calendar.example/private-canary/basic.ics"


@pytest.fixture
def staff(run: Runtime) -> Headers:
    return staff_with(run, Scope.SCHEDULE)


def entered(client: FlaskClient, staff: Headers, **more: str) -> Any:
    body = {"practitioner": "one", "label": "Hospital rota", "address": ADDRESS, **more}
    return said(client.post("/v1/outside-calendars", json=body, headers=staff), 201)


def test_a_calendar_is_entered_listed_refreshed_and_taken_away(
    client: FlaskClient, staff: Headers, run: Runtime
) -> None:
    entry = entered(client, staff)
    assert (entry["practitioner"], entry["label"], entry["host"]) == (
        "one",
        "Hospital rota",
        "calendar.example",
    )
    assert (entry["fetched_at"], entry["last_error"], entry["complete"]) == (None, None, True)
    other = entered(client, staff, practitioner="two")
    assert said(client.get("/v1/outside-calendars", headers=staff))["items"] == [entry, other]
    assert said(client.get("/v1/outside-calendars?practitioner=two", headers=staff))["items"] == [other]
    path = f"/v1/outside-calendars/{entry['id']}"
    assert said(client.get(path, headers=staff)) == entry
    assert said(client.post(f"{path}/refresh", json={}, headers=staff), 202)["id"] == entry["id"]
    assert said(client.delete(path, headers=staff)) == entry
    assert client.get(path, headers=staff).status_code == 404
    assert client.delete(path, headers=staff).status_code == 404
    assert client.post(f"{path}/refresh", json={}, headers=staff).status_code == 404
    with run.db.transaction() as session:
        of_it = select(AuditEntry).where(AuditEntry.object_id == entry["id"]).order_by(AuditEntry.id)
        audit = session.scalars(of_it).all()
    assert [each.act for each in audit] == ["enter", "refresh", "delete"]


def test_an_address_is_shown_to_nobody_and_kept_sealed(
    client: FlaskClient, staff: Headers, run: Runtime
) -> None:
    entry = entered(client, staff)
    answers = [
        client.get("/v1/outside-calendars", headers=staff),
        client.get(f"/v1/outside-calendars/{entry['id']}", headers=staff),
    ]
    assert all("canary" not in each.text for each in answers)
    with run.db.transaction() as session:
        (row,) = session.scalars(select(OutsideCalendar))
        assert b"canary" not in row.address + row.address_hash
        audit = [str(vars(each)) for each in session.scalars(select(AuditEntry))]
    assert "canary" not in " ".join(audit)


def test_the_same_address_once_more_is_the_entry_that_there_is(
    client: FlaskClient, staff: Headers, run: Runtime
) -> None:
    first = entered(client, staff)
    again = entered(client, staff, label="another name")
    assert (again, count(run, "outside_calendars")) == (first, 1)
    assert entered(client, staff, practitioner="two")["id"] != first["id"]


def test_an_address_to_subscribe_to_is_one_of_https(client: FlaskClient, staff: Headers) -> None:
    first = entered(client, staff)
    assert entered(client, staff, address=ADDRESS.replace("https", "webcal"))["id"] == first["id"]


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"practitioner": "nobody"}, "/practitioner", "unknown"),
        ({"practitioner": "main/r1"}, "/practitioner", "unknown"),
        ({"address": "http://calendar.example/a.ics"}, "/address", "not-https"),
        ({"address": "webcal://127.0.0.1/a.ics"}, "/address", "not-public"),
        ({"address": "https://169.254.169.254/a.ics"}, "/address", "not-public"),
        ({"address": "https://localhost/a.ics"}, None, None),
        ({"address": "https://pat:secret@calendar.example/a.ics"}, "/address", "with-credentials"),
        ({"address": "https://calendar.example:25/a.ics"}, "/address", "odd-port"),
        ({"address": "calendar.example/a.ics"}, "/address", "not-an-address"),
        ({"address": "https://calendar.example/a.ics\n"}, "/address", "control-characters"),
        ({"address": ""}, "/address", "too-short"),
        ({"label": ""}, "/label", "too-short"),
        ({"color": "red"}, "/color", "unknown-field"),
    ],
)
def test_a_calendar_that_cannot_be_is_refused(
    client: FlaskClient, staff: Headers, change: dict[str, Any], pointer: str | None, code: str | None
) -> None:
    """A name is only looked up when it is called: what it leads to may be another place by then."""
    body = {"practitioner": "one", "label": "Rota", "address": ADDRESS, **change}
    answer = client.post("/v1/outside-calendars", json=body, headers=staff)
    if code is None:
        assert answer.status_code == 201
        return
    (error,) = said(answer, 422)["errors"]
    assert (error["pointer"], error["code"]) == (pointer, code)
    assert "169.254" not in answer.text


def test_a_rehearsal_may_have_its_calendars_on_this_machine(serve: Serve, run: Runtime) -> None:
    staff = staff_with(run, Scope.SCHEDULE)
    entry = entered(serve(outgoing_loopback=True), staff, address="http://127.0.0.1:8080/a.ics")
    assert entry["host"] == "127.0.0.1"
