"""A hook over HTTP: signed so that receivers believe it, and tried again where they do not take it."""

import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from scheduler.channels.outcome import Verdict
from scheduler.channels.webhook import BOUNDS, Call, WebhookChannel, signature
from scheduler.outgoing.http import Outside
from tests.calendars.independent import NODE_MODULES
from tests.web import Reply, ScriptedWeb, authorities, certified, saying

BODY = b'{"type":"visit.booked","timestamp":"2026-12-01T12:00:00+00:00","data":{"id":"x"}}'
OLD, NEW = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c2VjcmV0IHRoYXQgaXMgbG9uZyBlbm91Z2gh"


@pytest.fixture
def web(tmp_path: Path) -> Iterator[ScriptedWeb]:
    with ScriptedWeb(context=certified(tmp_path)) as server:
        yield server


@pytest.fixture
def channel(tmp_path: Path) -> WebhookChannel:
    return WebhookChannel(Outside(loopback=True, authorities=authorities(tmp_path)))


def call(url: str, *secrets: str) -> Call:
    return Call(url, "msg_1", int(time.time()), BODY, secrets or (NEW,))


def go() -> bool:
    return True


def test_what_arrives_is_believed_by_a_receiver_of_the_standard(
    channel: WebhookChannel, web: ScriptedWeb
) -> None:
    outcome = channel.deliver(call(web.url("/in")), go)
    assert (outcome.verdict, outcome.code) == (Verdict.SENT, "200")
    (asked,) = web.asked
    assert (asked.method, asked.path, asked.headers["Content-Type"]) == ("POST", "/in", "application/json")
    assert Webhook(NEW).verify(asked.body, headers(asked.headers)) == json.loads(BODY)
    with pytest.raises(WebhookVerificationError):
        Webhook(OLD).verify(asked.body, headers(asked.headers))
    with pytest.raises(WebhookVerificationError):
        Webhook(NEW).verify(asked.body.replace(b"booked", b"cancelled"), headers(asked.headers))


def test_while_secrets_rotate_both_are_good(channel: WebhookChannel, web: ScriptedWeb) -> None:
    channel.deliver(call(web.url(), NEW, OLD), go)
    for secret in (OLD, NEW):
        assert Webhook(secret).verify(web.asked[0].body, headers(web.asked[0].headers))


def headers(sent: object) -> dict[str, str]:
    return {name.lower(): value for name, value in dict(sent).items()}  # type: ignore[call-overload]


@pytest.mark.node
def test_the_standards_own_reader_in_another_language_believes_it(tmp_path: Path) -> None:
    assert (NODE_MODULES / "standardwebhooks").is_dir(), "run `npm ci` in tests/"
    sent = call("https://hooks.example", NEW, OLD)
    given = {
        "webhook-id": sent.id,
        "webhook-timestamp": str(sent.timestamp),
        "webhook-signature": " ".join(signature(each, sent) for each in sent.secrets),
    }
    script = tmp_path / "verify.cjs"
    script.write_text(
        "const { Webhook } = require(process.argv[2]);"
        "const [secret, body, headers] = JSON.parse(require('fs').readFileSync(0, 'utf8'));"
        "try { console.log(JSON.stringify(new Webhook(secret).verify(body, headers))) }"
        "catch (error) { console.log('refused') }"
    )

    def verified(secret: str, body: bytes = BODY) -> str:
        asked = json.dumps([secret, body.decode(), given])
        command = ["node", str(script), str(NODE_MODULES / "standardwebhooks")]
        return subprocess.run(command, input=asked, capture_output=True, text=True, check=True).stdout.strip()

    assert [json.loads(verified(each)) for each in (OLD, NEW)] == [json.loads(BODY)] * 2
    assert verified("whsec_" + "A" * 32) == "refused"
    assert verified(NEW, BODY + b" ") == "refused"


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, Verdict.SENT),
        (202, Verdict.SENT),
        (204, Verdict.SENT),
        (301, Verdict.LATER),
        (302, Verdict.LATER),
        (400, Verdict.LATER),
        (401, Verdict.LATER),
        (404, Verdict.LATER),
        (410, Verdict.ADDRESS),
        (429, Verdict.LATER),
        (500, Verdict.LATER),
        (503, Verdict.LATER),
    ],
)
def test_only_success_is_success_and_only_gone_is_gone(
    channel: WebhookChannel, web: ScriptedWeb, status: int, verdict: Verdict
) -> None:
    metadata = {"Location": "http://169.254.169.254/"}
    web.script = lambda asked: Reply(status, headers=metadata)
    outcome = channel.deliver(call(web.url()), go)
    assert (outcome.verdict, outcome.code, len(web.asked)) == (verdict, str(status), 1)


LARGE, PACKED = b"x" * 70_000, {"Content-Encoding": "gzip"}


@pytest.mark.parametrize(("status", "verdict"), [(200, Verdict.SENT), (410, Verdict.ADDRESS)])
@pytest.mark.parametrize("reply", [Reply(body=LARGE), Reply(body=b"\x1f\x8b", headers=PACKED)])
def test_what_else_is_answered_changes_nothing(
    channel: WebhookChannel, web: ScriptedWeb, reply: Reply, status: int, verdict: Verdict
) -> None:
    web.script = lambda asked: replace(reply, status=status)
    outcome = channel.deliver(call(web.url()), go)
    assert (outcome.verdict, outcome.code) == (verdict, str(status))


@pytest.mark.parametrize(("status", "verdict"), [("200 OK", Verdict.SENT), ("410 Gone", Verdict.ADDRESS)])
def test_an_answer_that_never_ends_keeps_nobody(status: str, verdict: Verdict) -> None:
    began = f"HTTP/1.1 {status}\r\nContent-Length: 10\r\n\r\nwel".encode()
    with saying(began) as port:
        began_at = time.monotonic()
        outcome = WebhookChannel(Outside(loopback=True)).deliver(call(f"http://127.0.0.1:{port}/"), go)
    assert outcome.verdict is verdict
    assert time.monotonic() - began_at < BOUNDS.seconds / 2


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://127.0.0.1:1/", "no-connection"),
        ("https://10.0.0.1/", "not-public"),
        ("http://hooks.example/", "not-https"),
        ("https://nothing.invalid/", "no-such-name"),
    ],
)
def test_what_cannot_be_reached_is_tried_again_and_the_address_is_not_said(
    channel: WebhookChannel, url: str, code: str
) -> None:
    outcome = channel.deliver(call(url), go)
    assert (outcome.verdict, outcome.code, outcome.detail) == (Verdict.LATER, code, "")


def test_nothing_leaves_where_the_fence_says_no(channel: WebhookChannel, web: ScriptedWeb) -> None:
    assert channel.deliver(call(web.url()), lambda: False).verdict is Verdict.FENCED
    assert web.asked == []
