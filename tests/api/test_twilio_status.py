"""What Twilio says of texts that it took, over HTTP."""

import itertools
import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from scheduler.bootstrap import Runtime
from scheduler.channels.outcome import Fence, Outcome, Verdict
from scheduler.channels.sms.text import Text
from scheduler.db.models import Message, Suppression, Task
from scheduler.domain.messages import ChannelName, MessageKind, MessageState
from scheduler.services.outbox.delivering import PostRoom, deliver
from scheduler.services.staff.evidence import read_messages
from tests.api.conftest import Serve
from tests.api.contract import Contract
from tests.api.twilio import PHONE, PUBLIC, TOKEN, URL, book, enter_alert, post, signature, with_twilio
from tests.outbox.conftest import attempts, change, now, row, rows
from tests.outbox.test_texts import STAFF, Phone

PATH = "/v1/inbound/twilio/status"

Texted = Callable[..., Message]


@pytest.fixture
def client(run: Runtime, contract: Contract) -> FlaskClient:
    return with_twilio(run, contract)


@pytest.fixture
def texted(run: Runtime, client: FlaskClient) -> Texted:
    """A visit whose confirmation went out as a text, of which Twilio answered `SM1`."""

    def text(sid: str = "SM1", number: int = 0, **whose: Any) -> Message:
        message = text_of(run, book(client, number, **whose))
        change(run, message.id, state=MessageState.SENT, handoffs=1, provider_ref=sid)
        return row(run, message.id)

    return text


def text_of(run: Runtime, visit: UUID | None, kind: MessageKind = MessageKind.CONFIRMED) -> Message:
    return next(each for each in rows(run, visit, kind) if each.channel == ChannelName.SMS)


def report(client: FlaskClient, status: str, code: str = "", sid: str = "SM1", message: str = "") -> int:
    form = {"MessageSid": sid, "MessageStatus": status, "To": PHONE, "From": "+14095550100"}
    if code:
        form["ErrorCode"] = code
    path = f"{PATH}?message={message}" if message else PATH
    return post(client, path, form).status_code


def tasks(run: Runtime) -> list[str]:
    with run.db.transaction() as session:
        return sorted(session.scalars(select(Task.kind).where(Task.done_at.is_(None))))


def suppressions(run: Runtime) -> list[str]:
    with run.db.transaction() as session:
        return list(session.scalars(select(Suppression.reason).where(Suppression.channel == ChannelName.SMS)))


def test_a_text_that_arrived_is_marked_so(client: FlaskClient, run: Runtime, texted: Texted) -> None:
    message = texted()
    assert report(client, "delivered") == 204
    assert row(run, message.id).state == "delivered"
    (told,) = attempts(run, message.id)
    assert (told.verdict, told.reference, told.worker) == ("delivered", "SM1", "provider")


def test_it_only_moves_forward_however_often_and_in_whatever_order(
    client: FlaskClient, run: Runtime, texted: Texted
) -> None:
    message = texted()
    for status in ("queued", "delivered", "sent", "delivered", "undelivered", "sending"):
        assert report(client, status, "30003" if status == "undelivered" else "") == 204
    assert row(run, message.id).state == "delivered"
    assert (len(attempts(run, message.id)), tasks(run), suppressions(run)) == (1, [], [])


@pytest.mark.parametrize("order", list(itertools.permutations(("sent", "undelivered", "undelivered"))))
def test_what_did_not_arrive_stays_so(
    client: FlaskClient, run: Runtime, texted: Texted, order: tuple[str, ...]
) -> None:
    message = texted()
    for status in order:
        report(client, status, "30004" if status == "undelivered" else "")
    found = row(run, message.id)
    assert (found.state, found.last_error) == ("bounced", "undelivered 30004")
    assert tasks(run) == ["call"]


@pytest.mark.parametrize(
    ("code", "reason", "task"),
    [
        ("21610", "opted-out", "opted-out"),
        ("21211", "number-dead", "number-dead"),
        ("21217", "number-dead", "number-dead"),
        ("21614", "no-texts", "number-dead"),
        ("30005", "no-texts", "number-dead"),
        ("30006", "no-texts", "number-dead"),
    ],
)
def test_what_a_code_says_of_the_number_ends_texts_to_it_and_keeps_it_for_calls(
    client: FlaskClient, run: Runtime, texted: Texted, code: str, reason: str, task: str
) -> None:
    message = texted()
    report(client, "undelivered", code)
    report(client, "undelivered", code)
    assert (row(run, message.id).state, suppressions(run)) == ("bounced", [reason])
    assert tasks(run) == sorted(["call", task])
    planned = {each.channel for each in rows(run, message.visit_id) if each.state == "pending"}
    assert planned == {"email"}


def test_a_code_that_is_none_is_not_kept(client: FlaskClient, run: Runtime, texted: Texted) -> None:
    """Staff read what is kept of it: it must not be where a number comes out of its seal."""
    message = texted()
    report(client, "failed", PHONE)
    assert (row(run, message.id).last_error, attempts(run, message.id)[-1].code) == ("failed", "failed")


def test_without_mail_the_number_is_called_once(client: FlaskClient, run: Runtime, texted: Texted) -> None:
    message = texted(email=None)
    report(client, "undelivered", "30006")
    planned = [each for each in rows(run, message.visit_id) if each.state == "pending"]
    assert {each.channel for each in planned} == {"call"}
    assert tasks(run) == ["number-dead"], "the confirmation is on its way to the call list"


@pytest.mark.parametrize("code", ["30003", "30008"])
def test_a_phone_that_is_off_is_tried_once_more_and_only_once(
    client: FlaskClient, run: Runtime, texted: Texted, code: str
) -> None:
    message = texted()
    for _ in range(2):
        report(client, "undelivered", code, message=message.message_id)
    again = row(run, message.id)
    assert (again.state, again.handoffs, again.provider_ref, tasks(run)) == ("pending", 0, None, [])
    assert again.next_at > now(run)
    phone = Phone(Outcome(Verdict.SENT, "201", reference="SM2"))
    go(run, phone, message.id)
    assert (len(phone.texts), phone.asked) == (1, 0)
    report(client, "undelivered", code, sid="SM1", message=message.message_id)
    assert row(run, message.id).state == "sent", "that was the first one, once more"
    report(client, "undelivered", code, sid="SM2")
    assert (row(run, message.id).state, tasks(run)) == ("bounced", ["call"])


def go(run: Runtime, phone: Phone, message: int) -> None:
    change(run, message, next_at=now(run))
    deliver(PostRoom(run.desk, {**run.channels, ChannelName.SMS: phone}, "worker-1"), message)


def test_a_reminder_that_did_not_arrive_goes_by_mail(client: FlaskClient, run: Runtime) -> None:
    visit = book(client)
    reminder = text_of(run, visit, MessageKind.REMINDER)
    change(run, reminder.id, state=MessageState.SENT, provider_ref="SM1", handoffs=1)
    report(client, "undelivered", "30004")
    instead = [each for each in rows(run, visit) if each.offset_minutes == reminder.offset_minutes]
    assert {(each.channel, each.state) for each in instead if each.kind == "reminder"} == {
        ("sms", "bounced"),
        ("email", "pending"),
    }


@pytest.mark.parametrize("code", ["30002", "30007", "30032", "30034"])
def test_a_carrier_that_filters_us_is_one_task_and_says_nothing_of_the_number(
    client: FlaskClient, run: Runtime, texted: Texted, code: str
) -> None:
    first, second = texted("SM1"), texted("SM2", 1, phone="+14095550177")
    for sid in ("SM1", "SM2"):
        report(client, "undelivered", code, sid)
    assert {row(run, each.id).state for each in (first, second)} == {"bounced"}
    assert (tasks(run), suppressions(run)) == (["call", "call", "texts-filtered"], [])


def test_a_report_can_be_here_before_the_answer_to_our_request(client: FlaskClient, run: Runtime) -> None:
    """Twilio reports within milliseconds; the worker then finds that it has nothing left to say."""
    message = text_of(run, book(client))

    class Quick(Phone):
        def deliver(self, text: Text, fence: Fence) -> Outcome:
            outcome = super().deliver(text, fence)
            assert report(client, "sent", sid="SM9", message=text.id) == 204
            assert report(client, "delivered", sid="SM9", message=text.id) == 204
            return outcome

    go(run, Quick(Outcome(Verdict.SENT, "201", reference="SM9")), message.id)
    found = row(run, message.id)
    assert (found.state, found.provider_ref) == ("delivered", "SM9")


@pytest.mark.parametrize(
    ("status", "becomes"), [("sent", "sent"), ("delivered", "delivered"), ("undelivered", "bounced")]
)
def test_a_report_settles_what_nobody_knew(
    client: FlaskClient, run: Runtime, status: str, becomes: str
) -> None:
    message = text_of(run, book(client))
    change(run, message.id, state=MessageState.UNKNOWN, handoffs=1)
    report(client, status, sid="SM9", message=message.message_id)
    assert (row(run, message.id).state, row(run, message.id).provider_ref) == (becomes, "SM9")


def test_a_call_that_a_late_arrival_made_needless_is_taken_back(client: FlaskClient, run: Runtime) -> None:
    message = text_of(run, book(client))
    go(run, phone := Phone(Outcome(Verdict.UNKNOWN)), message.id)
    go(run, phone, message.id)
    assert (row(run, message.id).state, tasks(run)) == ("unknown", ["call"])
    report(client, "delivered", sid="SM9", message=message.message_id)
    assert (row(run, message.id).state, tasks(run)) == ("delivered", [])


def test_two_reports_at_once_count_as_one(client: FlaskClient, run: Runtime, texted: Texted) -> None:
    message = texted()
    clients = [client.application.test_client() for _ in range(4)]
    threads = [threading.Thread(target=report, args=(each, "undelivered", "30003")) for each in clients]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert row(run, message.id).state == "pending"
    assert len(attempts(run, message.id)) == 1


def test_what_nobody_knows_is_taken_and_changes_nothing(
    client: FlaskClient, run: Runtime, texted: Texted
) -> None:
    message = texted()
    assert report(client, "delivered", sid="SM404") == 204
    assert report(client, "delivered", sid="SM404", message="m404") == 204
    assert report(client, "delivered", sid="SM404", message=message.message_id) == 204
    assert report(client, "something new") == 204
    assert row(run, message.id).state == "sent"


def test_what_is_not_signed_is_not_believed(client: FlaskClient, run: Runtime, texted: Texted) -> None:
    message = texted()
    form = {"MessageSid": "SM1", "MessageStatus": "delivered", "To": PHONE}
    good = signature(PATH, form)
    refused = {
        "nothing": post(client, PATH, form, ""),
        "another token": post(client, PATH, form, signature(PATH, form, "another")),
        "another address": post(client, PATH, form, signature(PATH, form, public="http://visits.example")),
        "another page": post(client, PATH, form, signature("/v1/inbound/twilio/sms", form)),
        "a changed field": post(client, PATH, {**form, "MessageSid": "SM2"}, good),
        "a field more": post(client, PATH, {**form, "ErrorCode": "21610"}, good),
        "a field less": post(client, PATH, {"MessageSid": "SM1", "MessageStatus": "delivered"}, good),
        "a query more": post(client, f"{PATH}?message=m", form, good),
        "no signature at all": client.post(PATH, data=form),
        "nonsense": post(client, PATH, form, "\u00fc"),
    }
    assert {name: answer.status_code for name, answer in refused.items()} == dict.fromkeys(refused, 401)
    assert row(run, message.id).state == "sent"
    assert post(client, PATH, form, good).status_code == 204


@pytest.mark.parametrize("public", ["https://visits.example:443", "https://visits.example"])
def test_twilio_may_sign_with_the_port_or_without(client: FlaskClient, public: str) -> None:
    form = {"MessageSid": "SM1", "MessageStatus": "sent", "Body": "¿Qué? 😀", "Empty": ""}
    assert post(client, PATH, form, signature(PATH, form, public=public)).status_code == 204


def test_where_another_provider_takes_texts_there_is_no_such_page(clinic: object, serve: Serve) -> None:
    form = {"MessageSid": "SM1", "MessageStatus": "sent"}
    for url in ("off", "console:", "gateway+https://secret@gateway.example/texts"):
        assert post(serve(sms_url=url), PATH, form).status_code == 404


def test_reports_are_forms_come_in_bursts_and_are_not_large(clinic: object, serve: Serve) -> None:
    client = serve(sms_url=URL, limit_writes="1/minute")
    assert {report(client, "sent") for _ in range(3)} == {204}
    assert client.post(PATH, json={"MessageSid": "SM1"}).status_code == 415
    assert post(client, PATH, {"MessageSid": "x" * 40_000}).status_code == 413


def test_staff_see_the_attempts_and_not_the_reports(
    client: FlaskClient, run: Runtime, texted: Texted
) -> None:
    message = texted()
    report(client, "delivered")
    assert message.visit_id
    with run.db.transaction() as session:
        told = read_messages(session, message.visit_id, STAFF, run.db.now(session))
    assert [each.state for each in told if each.id == message.id] == ["delivered"]


def test_the_secret_is_neither_in_an_address_nor_shown(client: FlaskClient) -> None:
    answer = client.post(PATH, data={"MessageSid": "SM1"}, headers={"X-Twilio-Signature": "AAAA"})
    assert TOKEN not in answer.text
    assert PUBLIC not in answer.text


@pytest.mark.parametrize(("status", "becomes"), [("delivered", "delivered"), ("undelivered", "bounced")])
def test_an_alert_is_of_no_patient_and_ends_no_patients_texts(
    client: FlaskClient, run: Runtime, status: str, becomes: str
) -> None:
    alert = enter_alert(run, state=MessageState.SENT, provider_ref="SM1")
    report(client, status, "30006" if status == "undelivered" else "")
    assert (row(run, alert).state, suppressions(run), tasks(run)) == (becomes, [], ["channel-paused"])
