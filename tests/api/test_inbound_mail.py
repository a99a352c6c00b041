"""Mail that a mail system hands over, over HTTP."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from standardwebhooks import Webhook
from werkzeug.test import TestResponse

from scheduler.channels.inbound.mime import LARGEST_MAIL
from scheduler.domain.signatures import signature
from tests.api.conftest import Serve
from tests.channels.inbound.letters import BODY, mail, part

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdefghijklmnopqrstuv").decode()
OTHER = "whsec_" + base64.b64encode(b"vutsrqponmlkjihgfedcba9876543210").decode()
KIND = "message/rfc822"
RAW = mail(part("text/plain", BODY))


@pytest.fixture
def client(clinic: object, serve: Serve) -> FlaskClient:
    return serve(inbound_mail_secret=SECRET)


def signed(raw: bytes, secret: str = SECRET, id: str = "msg_1", at: datetime | None = None) -> dict[str, str]:
    """By somebody else's implementation."""
    at = at or datetime.now(UTC)
    return {
        "webhook-id": id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(id, at, raw.decode()),
    }


def post(
    client: FlaskClient, raw: bytes, headers: dict[str, str], kind: str = "message/rfc822"
) -> TestResponse:
    return client.post("/v1/inbound/mail", data=raw, content_type=kind, headers=headers)


def test_a_signed_mail_is_read_once(client: FlaskClient) -> None:
    answer = post(client, RAW, signed(RAW))
    assert (answer.status_code, answer.get_json()) == (202, {"outcome": "other"})
    again = post(client, RAW, signed(RAW, id="msg_2"))
    assert (again.status_code, again.get_json()) == (202, {"outcome": "repeated"})


def test_what_is_not_signed_is_not_read(client: FlaskClient) -> None:
    good, now = signed(RAW), datetime.now(UTC)
    refused = {
        "nothing": {},
        "another key": signed(RAW, OTHER),
        "another mail": signed(RAW + b" "),
        "another id": good | {"webhook-id": "msg_2"},
        "another time": good | {"webhook-timestamp": str(int(now.timestamp()) - 60)},
        "long ago": signed(RAW, at=now - timedelta(minutes=6)),
        "not yet": signed(RAW, at=now + timedelta(minutes=6)),
        "no time": good | {"webhook-timestamp": "now"},
        "another scheme": good | {"webhook-signature": good["webhook-signature"].replace("v1,", "v2,")},
        "nonsense": good | {"webhook-signature": "\u00fc, v1 v1,"},
    }
    answers = {name: post(client, RAW, headers) for name, headers in refused.items()}
    assert {name: each.status_code for name, each in answers.items()} == dict.fromkeys(refused, 401)
    assert {each.get_json()["type"] for each in answers.values()} == {"/problems/bad-signature"}
    assert post(client, RAW, good).get_json() == {"outcome": "other"}


def test_while_the_secret_is_changed_both_are_good(clinic: object, serve: Serve) -> None:
    client = serve(inbound_mail_secret=f"{OTHER}, {SECRET}")
    headers = signed(RAW)
    headers["webhook-signature"] = "v1,AAAA " + headers["webhook-signature"]
    assert post(client, RAW, headers).status_code == 202
    assert post(client, RAW, signed(RAW, OTHER)).status_code == 202


def test_without_a_secret_there_is_no_such_page(clinic: object, serve: Serve) -> None:
    assert post(serve(), RAW, signed(RAW)).status_code == 404


def test_a_mail_may_be_a_megabyte_and_no_more(client: FlaskClient) -> None:
    large = b"Subject: x\r\n\r\n" + b"x" * (LARGEST_MAIL - 20)
    assert post(client, large, signed(large)).status_code == 202
    larger = b"x" * (LARGEST_MAIL + 1)
    refused = post(client, larger, signed(larger))
    assert refused.status_code == 413
    assert "1 MB" in refused.get_json()["detail"], "the limit that it met, not that of other addresses"


def test_it_has_to_be_called_what_it_is(client: FlaskClient) -> None:
    refused = post(client, RAW, signed(RAW), "application/json")
    assert (refused.status_code, "/docs" in refused.get_json()["detail"]) == (415, True), "it was JSON"


def test_bytes_that_are_no_text_are_signed_as_they_are(client: FlaskClient) -> None:
    raw = RAW + bytes(range(128, 256))
    at = int(datetime.now(UTC).timestamp())
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    headers = {
        "webhook-id": "m",
        "webhook-timestamp": str(at),
        "webhook-signature": signature(key, "m", at, raw),
    }
    assert post(client, raw, headers).status_code == 202


def test_mails_come_in_bursts(clinic: object, serve: Serve) -> None:
    client = serve(inbound_mail_secret=SECRET, limit_writes="1/minute")
    assert [post(client, RAW, signed(RAW)).status_code for _ in range(3)] == [202] * 3
