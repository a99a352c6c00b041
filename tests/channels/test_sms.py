"""Texts handed to providers: a server of our own answers as Twilio and gateways do."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from io import StringIO
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import parse_qs, urlsplit

import pytest

from scheduler.channels.outcome import Remedy, Verdict
from scheduler.channels.sms.endpoint import Gateway, TwilioAccount, provider
from scheduler.channels.sms.gateway import GatewayChannel
from scheduler.channels.sms.rehearsal import ConsoleChannel, MailboxChannel, NoProvider
from scheduler.channels.sms.text import Text
from scheduler.channels.sms.twilio import TwilioChannel
from scheduler.channels.smtp.endpoint import Endpoint
from tests.smtp import ScriptedServer
from tests.web import QuietServer, ScriptedWeb, authorities, certified, saying

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
TEXT = Text("m1", "+14095550123", "Example Clinic: confirmed", NOW, 90_000, timestamp=1_764_590_400)
SECRET = base64.b64encode(b"0123456789abcdef01234567").decode()
CALLBACK = "https://visits.example/v1/inbound/twilio/status"

Handler = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Provider:
    """Answers with `status` and `said`; `hangs` seconds before it does, or hangs up."""

    port: int = 0
    status: int = 201
    said: Any = field(default_factory=lambda: {"sid": "SM1", "status": "queued"})
    headers: dict[str, str] = field(default_factory=dict)
    hangs: float = 0
    hangs_up: bool = False
    cut: int = 0
    """So many bytes of the body are missing."""
    asked: list[Asked] = field(default_factory=list)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"


@pytest.fixture
def server() -> Iterator[Provider]:
    state = Provider()

    class Speaks(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            state.asked.append(Asked(self.command, self.path, dict(self.headers), body))
            if state.hangs_up:
                self.close_connection = True
                return
            time.sleep(state.hangs)
            said = json.dumps(state.said).encode()
            self.send_response(state.status)
            for name, value in {"Content-Length": str(len(said)), **state.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said[: len(said) - state.cut])
            self.close_connection = self.close_connection or bool(state.cut)

        do_GET = do_POST = _answer

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    http = QuietServer(("127.0.0.1", 0), Speaks)
    state.port = http.server_port
    threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()
    yield state
    http.shutdown()
    http.server_close()


def passes() -> bool:
    return True


def twilio(server: Provider, sender: str = "+14095550100", deadline: float = 5) -> TwilioChannel:
    account = TwilioAccount.parse(f"twilio+http://AC1:secret@{server.host}/{sender}")
    return TwilioChannel(account, CALLBACK, deadline=deadline)


def test_twilio_gets_one_post_with_all_that_it_wants_to_know(server: Provider) -> None:
    outcome = twilio(server).deliver(TEXT, passes)
    assert (outcome.verdict, outcome.code, outcome.reference) == (Verdict.SENT, "201", "SM1")
    (asked,) = server.asked
    assert (asked.method, asked.path) == ("POST", "/2010-04-01/Accounts/AC1/Messages.json")
    assert asked.headers["Authorization"] == "Basic " + base64.b64encode(b"AC1:secret").decode()
    assert {name: value for name, (value,) in parse_qs(asked.body.decode()).items()} == {
        "To": TEXT.to,
        "From": "+14095550100",
        "Body": TEXT.body,
        "StatusCallback": f"{CALLBACK}?message=m1",
        "ValidityPeriod": "14400",
    }


def test_a_messaging_service_stands_in_for_the_number(server: Provider) -> None:
    twilio(server, "MG" + "0" * 32).deliver(TEXT, passes)
    form = parse_qs(server.asked[0].body.decode())
    assert form["MessagingServiceSid"] == ["MG" + "0" * 32]
    assert "From" not in form


def test_nothing_leaves_where_the_fence_says_no(server: Provider) -> None:
    assert twilio(server).deliver(TEXT, lambda: False).verdict is Verdict.FENCED
    assert server.asked == []


@pytest.mark.parametrize(
    ("status", "code", "verdict", "remedy"),
    [
        (400, 21610, Verdict.ADDRESS, Remedy.OPTED_OUT),
        (400, 21211, Verdict.ADDRESS, Remedy.NUMBER_DEAD),
        (400, 21217, Verdict.ADDRESS, Remedy.NUMBER_DEAD),
        (400, 21614, Verdict.ADDRESS, Remedy.NO_TEXTS),
        (400, 21635, Verdict.ADDRESS, Remedy.NO_TEXTS),
        (400, 30005, Verdict.ADDRESS, Remedy.NO_TEXTS),
        (400, 30006, Verdict.ADDRESS, Remedy.NO_TEXTS),
        (400, 21408, Verdict.REFUSED, None),
        (403, 21408, Verdict.REFUSED, None),
        (400, 21612, Verdict.REFUSED, None),
        (400, 30007, Verdict.ADDRESS, Remedy.FILTERED),
        (401, 20003, Verdict.US, None),
        (403, 20403, Verdict.US, None),
        (404, 20404, Verdict.US, None),
        (400, 21606, Verdict.US, None),
        (400, 30002, Verdict.US, None),
        (400, 30032, Verdict.US, None),
        (400, 30034, Verdict.US, None),
        (400, 21617, Verdict.BROKEN, None),
        (400, 30004, Verdict.REFUSED, None),
        (400, 30003, Verdict.LATER, None),
        (400, 30008, Verdict.LATER, None),
        (503, 20503, Verdict.LATER, None),
        (500, 20500, Verdict.UNKNOWN, None),
    ],
)
def test_each_answer_of_twilios_means_what_it_means(
    server: Provider, status: int, code: int, verdict: Verdict, remedy: Remedy | None
) -> None:
    server.status, server.said = status, {"code": code, "message": "no", "more_info": "", "status": status}
    outcome = twilio(server).deliver(TEXT, passes)
    assert (outcome.verdict, outcome.remedy, outcome.code) == (verdict, remedy, f"{status} {code}")


@pytest.mark.parametrize(
    ("said", "seconds"), [({"Retry-After": "7"}, 7), ({"Retry-After": "soon"}, 30), ({}, 30)]
)
def test_a_provider_says_when_it_may_be_asked_again(
    server: Provider, said: dict[str, str], seconds: float
) -> None:
    server.status, server.said, server.headers = 429, {"code": 20429}, said
    for channel in (twilio(server), gateway(server)):
        outcome = channel.deliver(TEXT, passes)
        assert (outcome.verdict, outcome.wait, outcome.remedy) == (Verdict.LATER, seconds, None)


def test_no_answer_in_time_or_at_all_is_unknown_and_no_connection_is_not(server: Provider) -> None:
    server.hangs = 0.6
    begun = time.monotonic()
    assert twilio(server, deadline=0.2).deliver(TEXT, passes).verdict is Verdict.UNKNOWN
    assert time.monotonic() - begun < 0.5
    server.hangs, server.hangs_up = 0, True
    assert twilio(server).deliver(TEXT, passes).verdict is Verdict.UNKNOWN
    nobody = Provider(port=1)
    assert twilio(nobody).deliver(TEXT, passes).verdict is Verdict.LATER


@pytest.fixture(params=["twilio", "gateway"])
def over_tls(request: pytest.FixtureRequest) -> Callable[[int], TwilioChannel | GatewayChannel]:
    """A provider at a port of this machine, which is spoken to by TLS."""

    def at(port: int) -> TwilioChannel | GatewayChannel:
        if request.param == "gateway":
            return GatewayChannel(Gateway(f"https://localhost:{port}/", SECRET))
        return TwilioChannel(TwilioAccount("AC1", "secret", "+14095550100", f"https://localhost:{port}"), "")

    return at


OverTls = Callable[[int], TwilioChannel | GatewayChannel]


def test_to_a_provider_who_cannot_prove_its_name_nothing_is_said(over_tls: OverTls, tmp_path: Path) -> None:
    with ScriptedWeb(context=certified(tmp_path)) as stranger:
        outcome = over_tls(stranger.port).deliver(TEXT, passes)
        assert (outcome.verdict, stranger.asked) == (Verdict.US, [])
    assert "certificate" in outcome.detail


@pytest.mark.parametrize("said", [[b"HTTP/1.1 201 Created\r\n\r\n"], [b"\x15\x03\x03\x00\x02\x02\x28"]])
def test_a_handshake_that_fails_says_nothing_of_the_text(over_tls: OverTls, said: list[bytes]) -> None:
    with saying(*said) as port:
        assert over_tls(port).deliver(TEXT, passes).verdict is Verdict.LATER


def test_a_connection_that_breaks_after_the_handshake_may_have_taken_the_text(
    over_tls: OverTls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(asked: object) -> NoReturn:
        raise ConnectionAbortedError

    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", authorities(tmp_path))
    with ScriptedWeb(breaks, certified(tmp_path)) as server:
        assert over_tls(server.port).deliver(TEXT, passes).verdict is Verdict.UNKNOWN


def test_texts_share_a_connection_and_one_that_was_refused_spoils_no_other(server: Provider) -> None:
    channel = twilio(server)
    verdicts = [channel.deliver(TEXT, passes).verdict for _ in range(3)]
    server.hangs_up = True
    verdicts.append(channel.deliver(TEXT, passes).verdict)
    server.hangs_up = False
    verdicts.append(channel.deliver(TEXT, passes).verdict)
    assert verdicts == [Verdict.SENT] * 3 + [Verdict.UNKNOWN, Verdict.SENT]


PACKED = {"Content-Encoding": "gzip"}
"""Which the body is not."""


@pytest.mark.parametrize(("cut", "headers"), [(5, {}), (0, PACKED)])
def test_whoever_took_a_text_has_it_even_if_the_rest_of_the_answer_cannot_be_read(
    server: Provider, cut: int, headers: dict[str, str]
) -> None:
    """Twilio's name for the text is in the rest, and it is asked for it."""
    server.cut, server.headers = cut, headers
    answers = twilio(server).deliver(TEXT, passes), gateway(server).deliver(TEXT, passes)
    assert [each.verdict for each in answers] == [Verdict.UNKNOWN, Verdict.SENT]
    server.status, server.said = 200, listed(TEXT.body, NOW)
    assert twilio(server).look_up(TEXT).verdict is Verdict.LATER
    server.cut, server.headers = 0, {}
    found = twilio(server).look_up(TEXT)
    assert (found.verdict, found.reference) == (Verdict.SENT, "SM7")


def listed(body: str, created: datetime, status: str = "sent") -> dict[str, Any]:
    entry = {"sid": "SM7", "status": status, "body": body, "date_created": format_datetime(created)}
    return {"messages": [entry]}


def test_in_doubt_twilio_is_asked_for_the_same_words_to_the_same_number(server: Provider) -> None:
    server.status, server.said = 200, listed(TEXT.body, NOW)
    outcome = twilio(server).look_up(TEXT)
    assert (outcome.verdict, outcome.reference) == (Verdict.SENT, "SM7")
    asked = parse_qs(urlsplit(server.asked[0].path).query)
    assert (asked["To"], asked["DateSent>"]) == ([TEXT.to], ["2026-12-01"])
    server.said = listed("something else", NOW)
    assert twilio(server).look_up(TEXT).verdict is Verdict.UNKNOWN
    server.said = listed(TEXT.body, NOW.replace(day=1, hour=3))
    assert twilio(server).look_up(TEXT).verdict is Verdict.UNKNOWN
    server.status = 500
    assert twilio(server).look_up(TEXT).verdict is Verdict.LATER


@pytest.mark.parametrize("status", ["failed", "undelivered", "canceled"])
def test_a_copy_that_did_not_arrive_is_not_the_one_that_is_asked_for(server: Provider, status: str) -> None:
    """It was sent again, and it is that copy of which nobody knows."""
    server.status, server.said = 200, listed(TEXT.body, NOW, status)
    assert twilio(server).look_up(TEXT).verdict is Verdict.UNKNOWN
    server.said["messages"] += [{**server.said["messages"][0], "sid": "SM8", "status": "queued"}]
    found = twilio(server).look_up(TEXT)
    assert (found.verdict, found.reference) == (Verdict.SENT, "SM8")


def gateway(server: Provider) -> GatewayChannel:
    return GatewayChannel(Gateway.parse(f"gateway+http://whsec_{SECRET}@{server.host}/texts"))


def test_a_gateway_gets_json_that_is_signed(server: Provider) -> None:
    assert gateway(server).deliver(TEXT, passes).verdict is Verdict.SENT
    (asked,) = server.asked
    assert json.loads(asked.body) == {"to": TEXT.to, "text": TEXT.body, "valid_for": 90_000}
    id, at = asked.headers["webhook-id"], asked.headers["webhook-timestamp"]
    signed = hmac.digest(base64.b64decode(SECRET), f"{id}.{at}.".encode() + asked.body, hashlib.sha256)
    assert asked.headers["webhook-signature"] == "v1," + base64.b64encode(signed).decode()
    assert (id, at) == ("m1", "1764590400"), "no clock of this host has a say"


@pytest.mark.parametrize(
    ("status", "verdict", "remedy"),
    [
        (404, Verdict.ADDRESS, Remedy.NUMBER_DEAD),
        (410, Verdict.ADDRESS, Remedy.OPTED_OUT),
        (422, Verdict.ADDRESS, Remedy.NO_TEXTS),
        (401, Verdict.US, None),
        (503, Verdict.LATER, None),
        (502, Verdict.UNKNOWN, None),
    ],
)
def test_each_answer_of_a_gateway_means_what_it_means(
    server: Provider, status: int, verdict: Verdict, remedy: Remedy | None
) -> None:
    server.status = status
    outcome = gateway(server).deliver(TEXT, passes)
    assert (outcome.verdict, outcome.remedy) == (verdict, remedy)


def test_a_rehearsals_texts_can_be_read_and_show_no_number() -> None:
    out = StringIO()
    assert ConsoleChannel(out).deliver(TEXT, passes).verdict is Verdict.SENT
    assert out.getvalue() == "text to …23: Example Clinic: confirmed\n"
    with ScriptedServer() as mailbox:
        channel = MailboxChannel(Endpoint.parse(mailbox.url()))
        assert channel.deliver(TEXT, passes).verdict is Verdict.SENT
        assert b"Example Clinic: confirmed" in mailbox.messages[0]
    nobody = NoProvider().deliver(TEXT, passes)
    assert nobody.verdict is Verdict.US
    assert "VISITS_SMS_URL is off" in nobody.detail


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "http://gateway.example",
        "twilio://AC1@/+14095550100",
        "twilio://AC1:secret@api.example/+14095550100",
        "twilio://AC1:secret@/4095550100",
        "gateway+https://gateway.example",
    ],
)
def test_a_setting_that_names_no_provider_is_refused_without_its_secrets(wrong: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        provider(wrong)
    assert "secret@" not in str(refused.value)
