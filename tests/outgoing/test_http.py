"""Calling addresses that other people name, against real servers, some of which mean no good."""

import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from scheduler.outgoing.errand import Errand, Resolve, Unreachable, resolve
from scheduler.outgoing.http import Answer, Bounds, Outside
from tests.web import Asked, Reply, ScriptedWeb, authorities, certified, saying

BOUNDS = Bounds(seconds=5, size=10_000)
SOON = Bounds(seconds=1.0, size=10_000)
PUBLIC = "93.184.215.14"


@pytest.fixture
def web() -> Iterator[ScriptedWeb]:
    with ScriptedWeb() as server:
        yield server


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[ScriptedWeb]:
    with ScriptedWeb(context=certified(tmp_path)) as server:
        yield server


@pytest.fixture
def outside(tmp_path: Path) -> Outside:
    """A rehearsal's: this machine may be called."""
    return Outside(loopback=True, authorities=authorities(tmp_path))


def named(*addresses: str) -> Resolve:
    return lambda host, port: addresses


def refused(outside: Outside, url: str, bounds: Bounds = BOUNDS) -> str:
    with pytest.raises(Unreachable) as error:
        outside.call("GET", url, {}, bounds)
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__ or error.value.__context__ is None
    return error.value.code


def get(outside: Outside, url: str, bounds: Bounds = BOUNDS) -> Answer:
    return outside.call("GET", url, {"X-One": "1"}, bounds)


# ------------------------------------------------------------------------------------------- the way there


def test_what_is_asked_arrives_and_what_is_answered_comes_back(outside: Outside, web: ScriptedWeb) -> None:
    web.script = lambda asked: Reply(207, b"well", {"ETag": '"x"'})
    answer = outside.call("POST", web.url("/in?a=b"), {"X-One": "1"}, BOUNDS, b"body")
    assert (answer.status, answer.body, answer.headers["etag"]) == (207, b"well", '"x"')
    (asked,) = web.asked
    assert (asked.method, asked.path, asked.body) == ("POST", "/in?a=b", b"body")
    assert (asked.headers["X-One"], asked.headers["Host"]) == ("1", f"localhost:{web.port}")
    assert asked.headers["Accept-Encoding"] == "identity"


def test_a_name_is_spoken_to_by_its_name_at_the_address_that_was_checked(
    outside: Outside, secure: ScriptedWeb
) -> None:
    """Host, SNI and the certificate are the name's; only the way there goes by the number."""
    assert get(outside, secure.url("/")).status == 200
    assert secure.asked[0].headers["Host"] == f"localhost:{secure.port}"


def test_a_certificate_of_somebody_else_is_refused(outside: Outside, tmp_path: Path) -> None:
    with ScriptedWeb(context=certified(tmp_path, "somebody-else")) as other:
        assert refused(outside, other.url()) == "tls"
    assert other.asked == []


def test_a_certificate_that_nobody_vouches_for_is_refused(secure: ScriptedWeb) -> None:
    assert refused(Outside(loopback=True), secure.url()) == "tls"


# ---------------------------------------------------------------------------------------- who is not called


@pytest.mark.parametrize(
    "addresses",
    [
        ("127.0.0.1",),
        ("169.254.169.254",),
        ("10.1.2.3",),
        ("::1",),
        ("::ffff:127.0.0.1",),
        ("64:ff9b::7f00:1",),
        ("fe80::1%eth0",),
        (PUBLIC, "127.0.0.1"),
        ("192.168.0.1", PUBLIC),
    ],
)
def test_a_name_is_refused_where_one_of_its_addresses_is_not_public(addresses: tuple[str, ...]) -> None:
    assert refused(Outside(resolve=named(*addresses)), "https://hooks.example/") == "not-public"


def test_in_a_rehearsal_too_only_this_machine_itself_is_called(web: ScriptedWeb) -> None:
    for addresses in (("127.0.0.1", "10.0.0.1"), ("10.0.0.1",), ("127.0.0.1", PUBLIC)):
        outside = Outside(loopback=True, resolve=named(*addresses))
        assert refused(outside, web.url()) == "not-public"
    assert web.asked == []


def test_a_name_that_changes_its_mind_is_not_asked_twice() -> None:
    """Refused once is refused, whatever it would say the next time."""
    asked: list[str] = []

    def rebinding(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else [PUBLIC]

    assert refused(Outside(resolve=rebinding), "https://hooks.example/") == "not-public"
    assert asked == ["hooks.example"]


def test_a_rebinding_name_never_leads_inside(web: ScriptedWeb, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is connected to is what was checked, even while the system's resolver says otherwise."""
    dialled: list[str] = []

    def dial(address: tuple[str, int], timeout: float) -> None:
        dialled.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr("scheduler.outgoing.errand.socket.create_connection", dial)
    answers = iter([[PUBLIC], ["127.0.0.1"], ["127.0.0.1"]])
    outside = Outside(resolve=lambda host, port: next(answers))
    assert refused(outside, f"https://localhost.example:{web.port}/") == "no-connection"
    assert (dialled, web.asked) == ([PUBLIC], [])


def test_the_systems_resolver_is_asked_where_nothing_else_is_said() -> None:
    assert refused(Outside(), "https://localhost/") == "not-public"
    assert refused(Outside(), "https://nothing.invalid/") == "no-such-name"


def test_a_resolver_that_takes_its_time_does_not_take_ours() -> None:
    over = threading.Event()

    def slow(host: str, port: int) -> Sequence[str]:
        over.wait(10)
        return [PUBLIC]

    began = time.monotonic()
    assert refused(Outside(resolve=slow), "https://hooks.example/", SOON) == "timeout"
    assert time.monotonic() - began < 3
    over.set()


def test_a_resolver_that_fails_in_any_way_finds_nothing() -> None:
    def broken(host: str, port: int) -> Sequence[str]:
        raise UnicodeError("label too long")

    assert refused(Outside(resolve=broken), "https://hooks.example/") == "no-such-name"
    assert refused(Outside(resolve=named()), "https://hooks.example/") == "no-such-name"


@pytest.mark.parametrize("url", ["http://hooks.example/", "https://10.0.0.1/", "https://a:b@hooks.example/"])
def test_what_is_refused_by_its_spelling_is_not_looked_up(url: str) -> None:
    assert refused(Outside(resolve=named(PUBLIC)), url) in ("not-https", "not-public", "with-credentials")


def test_a_redirect_is_an_answer_and_not_followed(outside: Outside, web: ScriptedWeb) -> None:
    for status in (301, 302, 303, 307, 308):
        metadata = {"Location": "http://169.254.169.254/latest/meta-data/"}
        web.script = lambda asked, status=status, metadata=metadata: Reply(status, headers=metadata)  # type: ignore[misc]
        assert get(outside, web.url()).status == status
    assert len(web.asked) == 5


def test_no_proxy_and_no_password_of_the_environment_is_used(
    outside: Outside, web: ScriptedWeb, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    netrc = tmp_path / "netrc"
    netrc.write_text("machine localhost login pat password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    assert get(outside, web.url()).status == 200
    assert "Authorization" not in web.asked[0].headers


def test_nothing_of_one_call_is_left_to_the_next(outside: Outside, web: ScriptedWeb) -> None:
    web.script = lambda asked: Reply(headers={"Set-Cookie": "a=b"})
    get(outside, web.url())
    get(outside, web.url())
    assert all("Cookie" not in asked.headers for asked in web.asked)


# ---------------------------------------------------------------------------------------------- an end to it


def endless(asked: Asked) -> Reply:
    return Reply(body=b"x" * 10_001)


def test_an_answer_that_is_too_large_is_not_taken(outside: Outside, web: ScriptedWeb) -> None:
    web.script = endless
    assert refused(outside, web.url()) == "too-large"
    web.script = lambda asked: Reply(body=b"x" * 10_000)
    assert len(get(outside, web.url()).body) == 10_000


def test_an_answer_that_does_not_say_how_large_it_is_is_measured(outside: Outside) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with saying(head, *[b"1000\r\n" + b"x" * 4096 + b"\r\n"] * 4) as port:
        assert refused(outside, f"http://127.0.0.1:{port}/") == "too-large"


def test_a_packed_answer_is_not_unpacked(outside: Outside, web: ScriptedWeb) -> None:
    web.script = lambda asked: Reply(body=b"\x1f\x8b", headers={"Content-Encoding": "gzip"})
    assert refused(outside, web.url()) == "packed"


@pytest.mark.parametrize(
    "parts",
    [
        [b""],
        [b"HTTP/1.1 200 OK\r\n", *[b"X-Drip: 1\r\n"] * 50],
        [b"H", *[b"T"] * 50],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", *[b"x"] * 50],
        [b"HTTP/1.1 100 Continue\r\n\r\n"] * 50,
    ],
    ids=["silence", "headers", "status", "body", "interim answers"],
)
def test_a_server_that_drips_is_cut_off(outside: Outside, parts: list[bytes]) -> None:
    """Each byte comes well within any timeout of a read."""
    began = time.monotonic()
    with saying(*parts, pause=0.1) as port:
        assert refused(outside, f"http://127.0.0.1:{port}/", SOON) == "timeout"
    assert time.monotonic() - began < 3


def test_a_handshake_that_drips_is_cut_off(outside: Outside) -> None:
    began = time.monotonic()
    with saying(b"\x16", b"\x03", *[b"\x03"] * 50, pause=0.1) as port:
        assert refused(outside, f"https://127.0.0.1:{port}/", SOON) == "timeout"
    assert time.monotonic() - began < 3


def test_the_time_is_over_even_before_the_clock_cuts_off() -> None:
    errand = Errand(0.0, resolve, loopback=True)  # its clock was never started
    assert (errand.is_over, errand.overdue) == (True, False)
    assert not Errand(60.0, resolve, loopback=True).is_over


def test_an_answer_that_ends_too_early_is_none(outside: Outside) -> None:
    with saying(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type") as port:
        assert refused(outside, f"http://127.0.0.1:{port}/", SOON) == "timeout"


@pytest.mark.parametrize("said", [b"220 mail.example ESMTP\r\n", b"HTTP/1.1 abc OK\r\n\r\n", b"\0" * 70_000])
def test_what_is_no_http_is_no_answer(outside: Outside, said: bytes) -> None:
    with saying(said) as port:
        assert refused(outside, f"http://127.0.0.1:{port}/", SOON) in ("no-connection", "timeout")


def test_nobody_at_home_is_said_at_once(outside: Outside) -> None:
    began = time.monotonic()
    assert refused(outside, "http://127.0.0.1:1/") == "no-connection"
    assert time.monotonic() - began < 1


def test_no_connection_and_no_thread_is_left_behind(outside: Outside, web: ScriptedWeb) -> None:
    before = threading.active_count()
    for _ in range(20):
        get(outside, web.url())
    until = time.monotonic() + 2
    while threading.active_count() > before and time.monotonic() < until:
        time.sleep(0.02)
    assert threading.active_count() <= before
