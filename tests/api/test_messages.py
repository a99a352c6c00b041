"""Who was told what, and telling it again, over HTTP."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from scheduler.bootstrap import Runtime
from scheduler.channels.outcome import Outcome, Verdict
from scheduler.db.models import AuditEntry, ChannelPause
from scheduler.domain.messages import ChannelName, MessageKind, MessageState
from scheduler.domain.scopes import Scope
from scheduler.services.outbox.delivering import PostRoom, deliver
from tests.api.people import Headers, booked, patient_of, said, staff_with
from tests.api.twilio import PHONE, book, enter_alert
from tests.cast import at, patient
from tests.outbox.conftest import change, now, row, rows
from tests.outbox.postbox import Postbox
from tests.outbox.test_texts import Phone


@pytest.fixture
def clerk(run: Runtime) -> Headers:
    return staff_with(run, Scope.MESSAGES)


def told(client: FlaskClient, visit: object, clerk: Headers) -> list[dict[str, Any]]:
    return list(said(client.get(f"/v1/visits/{visit}/messages", headers=clerk))["items"])


def listed(client: FlaskClient, clerk: Headers, **query: object) -> dict[str, Any]:
    return said(client.get("/v1/messages", query_string=query, headers=clerk))


def by_mail(run: Runtime, message: int, *answers: Outcome) -> None:
    """Tries to deliver it once for each answer."""
    for answer in answers:
        change(run, message, next_at=now(run))
        room = PostRoom(run.desk, {**run.channels, ChannelName.EMAIL: Postbox(answer)}, "worker-1")
        deliver(room, message)


# -------------------------------------------------------------------------------------------------- evidence


def test_who_was_told_what_when_how_and_with_which_answer(
    run: Runtime, client: FlaskClient, clerk: Headers
) -> None:
    visit = booked(client)["id"]
    later = Outcome(Verdict.LATER, "451 4.3.0", "end: greylisted")
    by_mail(run, rows(run, UUID(visit))[0].id, later, Outcome(Verdict.SENT, "250 2.0.0", reference="QX1"))
    first, *others = told(client, visit, clerk)
    tries = first.pop("attempts")
    assert [(each["verdict"], each["code"], each["reference"], each["worker"]) for each in tries] == [
        ("later", "451 4.3.0", "", "worker-1"),
        ("sent", "250 2.0.0", "QX1", "worker-1"),
    ]
    message = rows(run, UUID(visit))[0]
    assert first == {
        "id": str(message.id),
        "visit": visit,
        "kind": "confirmed",
        "channel": "email",
        "status": "sent",
        "recipient": "patient",
        "due": message.due_at.isoformat().replace("+00:00", "Z"),
        "finished_at": message.finished_at and message.finished_at.isoformat().replace("+00:00", "Z"),
        "last_error": None,
        "reference": "QX1",
        "template_version": message.template_version,
    }
    assert first["template_version"]
    assert [(each["kind"], each["status"], each["attempts"]) for each in others] == [
        ("reminder", "pending", []),
        ("reminder", "pending", []),
        ("join", "pending", []),
    ]


def test_neither_words_nor_addresses_are_shown(run: Runtime, client: FlaskClient, clerk: Headers) -> None:
    visit = booked(client, patient=patient(0, phone=PHONE))["id"]
    words = "550 5.1.1 no pat0@patients.example here"
    by_mail(
        run, rows(run, UUID(visit))[0].id, Outcome(Verdict.ADDRESS, "550 5.1.1", "recipient: no <address>")
    )
    answers = [
        client.get(path, headers=clerk).text for path in (f"/v1/visits/{visit}/messages", "/v1/messages")
    ]
    for hidden in ("pat0@", PHONE, "Pat", "/v/", words):
        assert all(hidden not in answer for answer in answers), hidden


def test_that_staff_looked_is_written_down(run: Runtime, client: FlaskClient, clerk: Headers) -> None:
    visit = booked(client)["id"]
    told(client, visit, clerk)
    with run.db.transaction() as session:
        act = session.scalars(select(AuditEntry).where(AuditEntry.act == "read-messages")).one()
    assert (act.actor, act.object_id) == ("staff:front-desk", visit)


# ------------------------------------------------------------------------------------------ what ended badly


def test_what_ended_badly_is_listed_by_state_the_newest_first(
    run: Runtime, client: FlaskClient, clerk: Headers
) -> None:
    ends = (MessageState.FAILED, MessageState.BOUNCED, MessageState.UNKNOWN, MessageState.EXPIRED)
    for number, state in enumerate((*ends, MessageState.SENT, MessageState.FAILED)):
        visit = booked(client, number, start=at(8, 9 + number).isoformat())["id"]
        change(run, rows(run, UUID(visit))[0].id, state=state)
    bad = [each["status"] for each in listed(client, clerk)["items"]]
    assert bad == ["failed", "expired", "unknown", "bounced", "failed"]
    assert [each["status"] for each in listed(client, clerk, status="sent")["items"]] == ["sent"]
    page = listed(client, clerk, status="failed", limit=1)
    rest = listed(client, clerk, status="failed", limit=1, cursor=page["next"])
    assert [len(page["items"]), len(rest["items"]), rest["next"]] == [1, 1, None]
    assert int(page["items"][0]["id"]) > int(rest["items"][0]["id"])


def test_an_alert_that_failed_is_listed_though_it_is_of_no_visit(
    run: Runtime, client: FlaskClient, clerk: Headers
) -> None:
    enter_alert(run, state=MessageState.FAILED)
    (found,) = listed(client, clerk)["items"]
    assert (found["kind"], found["visit"], found["recipient"]) == ("alert", None, None)
    assert client.post(f"/v1/messages/{found['id']}/resend", json={}, headers=clerk).status_code == 404


def test_what_failed_is_sent_again_once(run: Runtime, client: FlaskClient, clerk: Headers) -> None:
    message = rows(run, UUID(booked(client)["id"]))[0]
    by_mail(run, message.id, Outcome(Verdict.ADDRESS, "550 5.1.1"))
    again = f"/v1/messages/{message.id}/resend"
    body = said(client.post(again, json={}, headers=clerk), 202)
    assert (body["id"], body["status"]) == (str(message.id), "pending")
    assert client.post(again, json={}, headers=clerk).status_code == 409
    by_mail(run, message.id, Outcome(Verdict.SENT, "250 2.0.0"))
    found = row(run, message.id)
    assert (found.state, found.message_id) == ("sent", message.message_id)
    refused = said(client.post(again, json={}, headers=clerk), 409)
    assert refused["type"] == "/problems/nothing-to-resend"
    assert refused["detail"] == "Only what ended badly is sent again, and only while it is still true."


def test_what_is_no_longer_true_or_over_is_not_sent_again(
    run: Runtime, client: FlaskClient, clerk: Headers
) -> None:
    visit = booked(client)
    message = rows(run, UUID(visit["id"]))[0]
    change(run, message.id, state=MessageState.FAILED)
    client.post(f"/v1/visits/{visit['id']}/cancel", json={}, headers=patient_of(visit))
    assert client.post(f"/v1/messages/{message.id}/resend", json={}, headers=clerk).status_code == 409
    for unknown in (404_404_404, 2**63, 2**70):
        assert client.post(f"/v1/messages/{unknown}/resend", json={}, headers=clerk).status_code == 404


@pytest.mark.parametrize("state", [MessageState.UNKNOWN, MessageState.BOUNCED])
def test_a_text_that_staff_send_again_is_sent_and_not_only_asked_after(
    run: Runtime, client: FlaskClient, clerk: Headers, state: MessageState
) -> None:
    """In doubt its provider is asked, instead of getting it twice; but here somebody has decided."""
    visit = book(client)
    message = next(each for each in rows(run, visit, MessageKind.CONFIRMED) if each.channel == "sms")
    change(run, message.id, state=state, handoffs=1, provider_ref="SM1")
    said(client.post(f"/v1/messages/{message.id}/resend", json={}, headers=clerk), 202)
    phone = Phone(Outcome(Verdict.SENT, "201", reference="SM2"))
    change(run, message.id, next_at=now(run))
    deliver(PostRoom(run.desk, {**run.channels, ChannelName.SMS: phone}, "worker-1"), message.id)
    assert (len(phone.texts), phone.asked, row(run, message.id).provider_ref) == (1, 0, "SM2")


def test_the_tries_of_a_paused_channel_are_seen(run: Runtime, client: FlaskClient, clerk: Headers) -> None:
    visit = booked(client)["id"]
    by_mail(run, rows(run, UUID(visit))[0].id, Outcome(Verdict.US, "535 5.7.8", "login: no"))
    with run.db.transaction() as session:
        assert session.get(ChannelPause, "email") is not None
    first = told(client, visit, clerk)[0]
    assert (first["status"], first["last_error"]) == ("pending", "535 5.7.8 login: no")
    assert [each["verdict"] for each in first["attempts"]] == ["us"]


# ------------------------------------------------------------------------------------------------- the audit


def test_the_audit_says_who_did_what_to_which_visit(run: Runtime, client: FlaskClient) -> None:
    auditor = staff_with(run, Scope.AUDIT, Scope.VISITS, name="auditor")
    one, other = booked(client, 0), booked(client, 1)
    client.get(f"/v1/visits/{one['id']}", headers=auditor)
    found = said(client.get("/v1/audit", query_string={"object_id": one["id"]}, headers=auditor))["items"]
    assert [(each["actor"], each["act"]) for each in found] == [
        ("staff:auditor", "read"),
        ("patient", "book"),
    ]
    assert found[1]["detail"]["to"] == "booked"
    assert [each["sealed"] for each in found] == [False, False]
    query = {"actor": "patient", "act": "book", "object_kind": "visit", "limit": 1}
    page = said(client.get("/v1/audit", query_string=query, headers=auditor))
    rest = said(client.get("/v1/audit", query_string={**query, "cursor": page["next"]}, headers=auditor))
    assert [page["items"][0]["object_id"], rest["items"][0]["object_id"]] == [other["id"], one["id"]]
    assert rest["next"] is None


def test_the_audit_of_a_span_of_time_and_that_it_was_read(run: Runtime, client: FlaskClient) -> None:
    auditor = staff_with(run, Scope.AUDIT, name="auditor")
    booked(client)
    later = (now(run) + timedelta(hours=1)).isoformat()
    assert said(client.get("/v1/audit", query_string={"since": later}, headers=auditor))["items"] == []
    before = said(client.get("/v1/audit", query_string={"until": later}, headers=auditor))["items"]
    assert {"book", "read"} <= {each["act"] for each in before}
    assert client.get("/v1/audit?limit=0", headers=auditor).status_code == 422
