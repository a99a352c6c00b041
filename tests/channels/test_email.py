"""Against servers that behave; `test_email_faults.py` has the others."""

import multiprocessing
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

from scheduler.channels.email import EmailChannel
from scheduler.channels.mime import Mail, compose
from scheduler.channels.outcome import Verdict
from scheduler.channels.smtp.endpoint import Endpoint, Security
from tests.smtp import CUT, SILENT, ScriptedServer, Step, client_tls, eventually, server_tls


def passes() -> bool:
    return True


class Mailbox:
    """A handler of aiosmtpd that keeps what it gets."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        self.envelopes.append(envelope)
        return "250 2.0.0 Ok: queued as ABC123"


class RealServer(Controller):
    """On a port that is free."""

    def _trigger_server(self) -> None:
        server: Any = self.server
        self.port = server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]

    def url(self, scheme: str = "smtp", login: str = "") -> str:
        return f"{scheme}://{login}127.0.0.1:{self.port}"


def only_this_login(server: Any, session: Any, envelope: Any, mechanism: Any, login: Any) -> AuthResult:
    right = isinstance(login, LoginPassword) and (login.login, login.password) == (b"clinic", b"p@ss:word/")
    return AuthResult(success=right, handled=right)


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def real_server(mailbox: Mailbox) -> Iterator[RealServer]:
    controller = RealServer(mailbox, hostname="127.0.0.1", port=0, enable_SMTPUTF8=True)
    controller.start()
    yield controller
    controller.stop()


def test_a_mail_arrives_byte_for_byte(real_server: RealServer, mailbox: Mailbox, mail: Mail) -> None:
    outcome = EmailChannel(real_server.url()).deliver(mail, passes)
    assert outcome.verdict is Verdict.SENT
    assert outcome.reference == "ABC123"
    (envelope,) = mailbox.envelopes
    assert envelope.content == compose(mail)
    assert (envelope.mail_from, envelope.rcpt_tos) == ("visits@clinic.example", ["maria@patients.example"])


def test_lines_that_begin_with_a_dot_keep_it(real_server: RealServer, mailbox: Mailbox, mail: Mail) -> None:
    EmailChannel(real_server.url()).deliver(replace(mail, calendar=None), passes)
    content: Any = mailbox.envelopes[0].content
    _, text, _ = message_from_bytes(content).walk()
    received: Any = text.get_payload(decode=True)
    assert received.splitlines()[1:] == [b".", b"..", b".hidden"]


def test_an_international_address_is_reached(real_server: RealServer, mailbox: Mailbox, mail: Mail) -> None:
    outcome = EmailChannel(real_server.url()).deliver(replace(mail, recipient="josé@straße.example"), passes)
    assert outcome.verdict is Verdict.SENT
    assert mailbox.envelopes[0].rcpt_tos == ["josé@xn--strae-oqa.example"]


def test_a_hundred_mails_take_one_connection_and_the_next_another(mail: Mail) -> None:
    with ScriptedServer() as server:
        channel = EmailChannel(server.url(), max_messages=100)
        outcomes = {channel.deliver(mail, passes).verdict for _ in range(101)}
        assert outcomes == {Verdict.SENT}
        assert len(server.messages) == 101
        assert server.connections == 2
        channel.close()


@pytest.fixture
def rested(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two mails more than a moment passes."""
    monkeypatch.setattr("scheduler.channels.smtp.session.MOMENT", 0.0)


@pytest.mark.usefixtures("rested")
def test_a_connection_that_died_idle_is_opened_again(mail: Mail) -> None:
    with ScriptedServer({"RSET": [CUT, "250 Ok"]}) as server:
        channel = EmailChannel(server.url())
        assert [channel.deliver(mail, passes).verdict for _ in range(3)] == [Verdict.SENT] * 3
        assert server.connections == 2


def test_whoever_took_a_mail_a_moment_ago_is_not_asked_whether_they_live(mail: Mail) -> None:
    with ScriptedServer() as server:
        channel = EmailChannel(server.url())
        assert [channel.deliver(mail, passes).verdict for _ in range(3)] == [Verdict.SENT] * 3
        assert (server.connections, server.heard("RSET")) == (1, [])


@pytest.mark.parametrize("script", [{"RCPT": ["550 5.1.1 who?", "250 Ok"]}, {".": ["554 no", "250 Ok"]}])
def test_after_a_refusal_the_conversation_begins_anew(mail: Mail, script: dict[str, Step]) -> None:
    with ScriptedServer(script) as server:
        channel = EmailChannel(server.url())
        assert [channel.deliver(mail, passes).verdict for _ in range(2)][1] is Verdict.SENT
        assert (server.connections, len(server.heard("RSET"))) == (1, 1)


@pytest.mark.parametrize("last_words", [b"", b"421 4.7.0 enough for today\r\n"])
def test_a_server_that_hangs_up_after_each_mail_gets_each_over_a_connection_of_its_own(
    mail: Mail, last_words: bytes
) -> None:
    farewells: list[bytes] = []

    class OneEach(ScriptedServer):
        def _answer(self, connection: socket.socket, content: bytes) -> None:
            super()._answer(connection, content)
            connection.sendall(last_words)
            connection.shutdown(socket.SHUT_RDWR)
            farewells.append(last_words)

    with OneEach() as server:
        channel = EmailChannel(server.url())
        for count in range(1, 4):
            assert channel.deliver(mail, passes).verdict is Verdict.SENT
            assert eventually(lambda: len(farewells) == server.connections)
            assert server.connections == count


@pytest.mark.usefixtures("rested")
def test_a_connection_that_a_firewall_forgot_is_opened_again(
    mail: Mail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.channels.smtp.session.RESET_SECONDS", 0.1)
    with ScriptedServer({"RSET": SILENT}) as server:
        channel = EmailChannel(server.url())
        assert [channel.deliver(mail, passes).verdict for _ in range(2)] == [Verdict.SENT] * 2
        assert server.connections == 2


@pytest.mark.parametrize("limit", ["max_idle", "max_age"])
def test_an_idle_or_old_connection_is_left_politely(mail: Mail, limit: str) -> None:
    with ScriptedServer() as server:
        limits: dict[str, Any] = {limit: 0.0}
        channel = EmailChannel(server.url(), **limits)
        for _ in range(2):
            channel.deliver(mail, passes)
        assert server.connections == 2
        assert eventually(lambda: len(server.heard("QUIT")) == 1)


def test_each_thread_has_its_own_connection_and_close_leaves_them_all(mail: Mail) -> None:
    with ScriptedServer() as server:
        channel = EmailChannel(server.url())
        threads_done, go_home = threading.Barrier(4), threading.Event()

        def work() -> None:
            channel.deliver(mail, passes)
            threads_done.wait(5)
            go_home.wait(5)

        threads = [threading.Thread(target=work) for _ in range(3)]
        for each in threads:
            each.start()
        threads_done.wait(5)
        channel.close()
        go_home.set()
        for each in threads:
            each.join()
        assert server.connections == 3
        assert channel.deliver(mail, passes).verdict is Verdict.SENT
        assert eventually(lambda: len(server.heard("QUIT")) == 3)


def test_a_forked_child_leaves_its_parents_connection_alone(mail: Mail) -> None:
    with ScriptedServer() as server:
        channel = EmailChannel(server.url())
        channel.deliver(mail, passes)
        child = multiprocessing.get_context("fork").Process(target=channel.deliver, args=(mail, passes))
        child.start()
        child.join()
        assert channel.deliver(mail, passes).verdict is Verdict.SENT
        assert len(server.messages) == 3
        assert server.connections == 2
        channel.close()


def test_starttls_and_login_come_before_the_mail(mail: Mail, mailbox: Mailbox, certificate: Path) -> None:
    controller = RealServer(
        mailbox,
        hostname="127.0.0.1",
        port=0,
        tls_context=server_tls(certificate),
        require_starttls=True,
        auth_required=True,
        authenticator=only_this_login,
    )
    controller.start()
    try:
        address = controller.url("smtp+starttls", "clinic:p%40ss%3Aword%2F@")
        channel = EmailChannel(address, tls=client_tls(certificate))
        assert [channel.deliver(mail, passes).verdict for _ in range(2)] == [Verdict.SENT] * 2
        assert len(mailbox.envelopes) == 2
        wrong = EmailChannel(controller.url("smtp+starttls", "clinic:no@"), tls=client_tls(certificate))
        outcome = wrong.deliver(mail, passes)
        assert (outcome.verdict, outcome.code) == (Verdict.US, "535 5.7.8")
    finally:
        controller.stop()


def test_smtps_is_encrypted_from_the_first_byte(mail: Mail, certificate: Path) -> None:
    with ScriptedServer(tls=server_tls(certificate), implicit_tls=True) as server:
        channel = EmailChannel(server.url("smtps"), tls=client_tls(certificate))
        assert [channel.deliver(mail, passes).verdict for _ in range(2)] == [Verdict.SENT] * 2
        assert server.connections == 1


def test_the_url_says_how_to_speak_and_what_is_left_out_is_usual() -> None:
    assert Endpoint.parse("smtp://localhost") == Endpoint(Security.NONE, "localhost", 25)
    assert Endpoint.parse("smtp+starttls://u%40x:p@mail.example") == Endpoint(
        Security.STARTTLS, "mail.example", 587, "u@x", "p"
    )
    assert Endpoint.parse("smtps://[::1]:2465/") == Endpoint(Security.TLS, "::1", 2465)


@pytest.mark.parametrize(
    "wrong",
    [
        "http://u:secret@h",
        "smtp://",
        "smtp://u:secret@h/path",
        "smtp://u:secret@h:0",
        "smtps://u:secrét@h",
        "smtp://u:secret@mail..example",
    ],
)
def test_a_url_that_makes_no_sense_is_refused_without_showing_its_password(wrong: str) -> None:
    with pytest.raises(ValueError) as refused:
        EmailChannel(wrong)
    assert "secr" not in str(refused.value)


def test_a_password_is_not_shown_by_accident() -> None:
    assert "secret" not in repr(Endpoint.parse("smtps://user:secret@mail.example"))
