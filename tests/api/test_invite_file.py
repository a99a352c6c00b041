"""The calendar entry as a file, over HTTP."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from scheduler.bootstrap import Runtime
from scheduler.calendars.invite import Method, as_file
from scheduler.calendars.lint import event_of, faults
from scheduler.db.models import AuditEntry
from scheduler.domain.messages import MessageKind
from scheduler.domain.scopes import Scope
from scheduler.services.accounts.access import create_key
from scheduler.services.outbox.content import mail_of
from tests.cast import at, wish
from tests.outbox.conftest import claimed, rows


def booked(client: FlaskClient, **more: Any) -> dict[str, Any]:
    answer = client.post("/v1/visits", json={**wish(at(3, 10)), **more})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.get_json()
    return made


def file_of(client: FlaskClient, visit: dict[str, Any], token: str | None = None) -> bytes:
    headers = {"Authorization": f"Bearer {token or visit['token']}"}
    answer = client.get(f"/v1/visits/{visit['id']}/invite.ics", headers=headers)
    assert (answer.status_code, answer.content_type) == (200, "text/calendar; charset=utf-8")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="invite.ics"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert faults(answer.data, None) == []
    content: bytes = answer.data
    return content


def mailed(run: Runtime, kind: MessageKind) -> bytes:
    """The object of the mail that a worker makes now."""
    with run.db.transaction() as session:
        mail = mail_of(session, run.desk, claimed(run, rows(run, kind=kind)[-1].id))
    assert mail.calendar
    return mail.calendar


def test_the_file_is_the_mails_object_without_its_method(client: FlaskClient, run: Runtime) -> None:
    visit = booked(client)
    sent = mailed(run, MessageKind.CONFIRMED)
    assert file_of(client, visit) == as_file(sent, Method.REQUEST) != sent


def test_before_the_mail_is_made_the_file_is_stamped_with_the_booking(client: FlaskClient) -> None:
    event = event_of(file_of(client, booked(client)))
    assert event["DTSTAMP"].value == event["LAST-MODIFIED"].value


def test_after_a_move_and_a_cancel_the_file_says_so(client: FlaskClient, run: Runtime) -> None:
    visit = booked(client)
    headers = {"Authorization": f"Bearer {visit['token']}"}
    first = event_of(file_of(client, visit))
    to = {"start": at(3, 15).isoformat()}
    assert client.post(f"/v1/visits/{visit['id']}/reschedule", json=to, headers=headers).status_code == 200
    moved = event_of(file_of(client, visit))
    assert (moved["DTSTART"].value, moved["SEQUENCE"].value) == ("20261203T210000Z", "1")
    assert client.post(f"/v1/visits/{visit['id']}/cancel", json={}, headers=headers).status_code == 200
    sent = mailed(run, MessageKind.CANCELLED)
    gone = file_of(client, visit)
    assert gone == as_file(sent, Method.CANCEL)
    assert (event_of(gone)["STATUS"].value, event_of(gone)["SEQUENCE"].value) == ("CANCELLED", "2")
    assert event_of(gone)["UID"] == first["UID"]


def test_a_request_that_waits_is_tentative(client: FlaskClient) -> None:
    assert event_of(file_of(client, booked(client, visit_type="reviewed")))["STATUS"].value == "TENTATIVE"


def test_a_patient_without_a_mail_address_gets_an_entry_for_nobody_to_answer(
    client: FlaskClient,
) -> None:
    patient = {"name": "Pat Example", "birth_date": "1960-02-29", "phone": "(409) 555-0123"}
    file = file_of(client, booked(client, patient=patient))
    assert not {"ATTENDEE", "ORGANIZER"} & event_of(file).keys()


@pytest.fixture
def key(run: Runtime) -> str:
    with run.db.transaction() as session:
        return create_key(session, "desk", frozenset({Scope.VISITS}), run.db.now(session))


def test_staff_get_it_without_the_way_in_and_it_is_audited(
    client: FlaskClient, run: Runtime, key: str
) -> None:
    visit = booked(client)
    assert b"/join" in file_of(client, visit).replace(b"\r\n ", b"")
    assert b"/join" not in file_of(client, visit, key).replace(b"\r\n ", b"")
    with run.db.transaction() as session:
        entries = session.execute(select(AuditEntry.actor, AuditEntry.act, AuditEntry.object_id)).all()
    assert ("staff:desk", "read-invite", visit["id"]) in [tuple(each) for each in entries]
