"""What each refusal, silence and hang-up is taken for."""

import socket
import time
from dataclasses import replace
from pathlib import Path

import pytest

from scheduler.channels.email import EmailChannel
from scheduler.channels.mime import Mail
from scheduler.channels.outcome import Outcome, Verdict
from scheduler.channels.smtp.answers import Answer, Phase, outcome_of
from scheduler.domain.clinic import Sender
from tests.smtp import CUT, DRIP, SILENT, ScriptedServer, Step, client_tls, server_tls


class Fence:
    """Counts how often it was asked."""

    def __init__(self, answer: bool = True) -> None:
        self.answer = answer
        self.asked = 0

    def __call__(self) -> bool:
        self.asked += 1
        return self.answer


def attempt(
    mail: Mail, script: dict[str, Step], deadline: float = 5
) -> tuple[Outcome, ScriptedServer, Fence]:
    fence = Fence()
    with ScriptedServer(script) as server:
        outcome = EmailChannel(server.url(), deadline=deadline).deliver(mail, fence)
    return outcome, server, fence


@pytest.mark.parametrize(
    ("at", "answer", "verdict"),
    [
        ("connect", "421 4.3.2 busy", Verdict.LATER),
        ("connect", "554 5.7.1 your address is on a list", Verdict.US),
        ("EHLO", "550 go away", Verdict.US),
        ("MAIL", "451 4.7.1 greylisted", Verdict.LATER),
        ("MAIL", "550 5.1.8 who are you", Verdict.US),
        ("MAIL", "530 5.7.0 log in first", Verdict.US),
        ("RCPT", "450 4.2.0 greylisted", Verdict.LATER),
        ("RCPT", "451 4.3.0 not now", Verdict.LATER),
        ("RCPT", "452 4.2.2 full", Verdict.LATER),
        ("RCPT", "421 4.7.0 slower", Verdict.LATER),
        ("RCPT", "550 5.1.1 no such user", Verdict.ADDRESS),
        ("RCPT", "550 no such user", Verdict.ADDRESS),
        ("RCPT", "550 5.2.1 mailbox disabled", Verdict.ADDRESS),
        ("RCPT", "501 5.1.3 bad syntax", Verdict.ADDRESS),
        ("RCPT", "552 5.2.2 mailbox full", Verdict.LATER),
        ("RCPT", "552 mailbox full", Verdict.LATER),
        ("RCPT", "550 5.7.1 relaying denied", Verdict.US),
        ("RCPT", "554 5.7.1 blocked", Verdict.US),
        ("RCPT", "550 5.3.0 system trouble", Verdict.US),
        ("RCPT", "503 5.5.1 MAIL first", Verdict.US),
        ("RCPT", "530 authentication required", Verdict.US),
        ("DATA", "451 4.3.0 not now", Verdict.LATER),
        ("DATA", "554 5.5.1 no valid recipients", Verdict.US),
        ("DATA", "554 no valid recipients", Verdict.REFUSED),
        ("DATA", "250 what", Verdict.LATER),
        (".", "451 4.3.0 no room on our disk", Verdict.LATER),
        (".", "452 4.3.1 no room", Verdict.LATER),
        (".", "421 4.3.0 shutting down", Verdict.LATER),
        (".", "550 5.1.1 no such user", Verdict.REFUSED),
        (".", "550 5.2.1 mailbox disabled", Verdict.REFUSED),
        (".", "552 5.2.2 mailbox full", Verdict.LATER),
        (".", "550 5.7.1 looks like spam", Verdict.US),
        (".", "554 5.6.0 cannot be displayed", Verdict.REFUSED),
        (".", "what is this", Verdict.UNKNOWN),
        (".", "354 go on", Verdict.UNKNOWN),
    ],
)
def test_each_answer_is_taken_for_what_it_means(mail: Mail, at: str, answer: str, verdict: Verdict) -> None:
    outcome, _, fence = attempt(mail, {at: answer})
    assert outcome.verdict is verdict
    assert fence.asked == (at == ".")
    if answer[0] in "45":
        assert outcome.code == " ".join(answer.split()[: 2 if answer[5] == "." else 1])


@pytest.mark.parametrize("at", ["connect", "EHLO", "MAIL", "RCPT", "DATA", "body"])
def test_a_hang_up_before_the_final_dot_means_that_nothing_was_handed_over(mail: Mail, at: str) -> None:
    outcome, server, _ = attempt(replace(mail, text="x" * 3_000_000), {at: CUT})
    assert outcome.verdict is Verdict.LATER
    assert server.messages == []


@pytest.mark.parametrize("at", ["connect", "EHLO", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("how", [SILENT, DRIP])
def test_silence_and_dripping_before_the_final_dot_are_cut_by_the_deadline(
    mail: Mail, at: str, how: str
) -> None:
    begun = time.monotonic()
    outcome, _, fence = attempt(mail, {at: how}, deadline=0.25)
    assert outcome.verdict is Verdict.LATER
    assert outcome.detail
    assert fence.asked == 0
    assert time.monotonic() - begun < 1.5


@pytest.mark.parametrize("how", [SILENT, DRIP, CUT])
def test_nobody_knows_what_became_of_a_mail_whose_final_dot_was_not_answered(mail: Mail, how: str) -> None:
    begun = time.monotonic()
    outcome, server, fence = attempt(mail, {".": how}, deadline=0.4)
    assert outcome.verdict is Verdict.UNKNOWN
    assert fence.asked == len(server.messages) == 1
    assert time.monotonic() - begun < 1.5


@pytest.mark.parametrize(
    "script",
    [{"DATA": "354 go on\r\n452 4.3.1 no more room"}, {"body": "452 4.3.1 no more room"}],
    ids=["in one packet", "in the midst"],
)
def test_a_server_that_gave_up_during_the_message_never_sees_the_fence_crossed(
    mail: Mail, script: dict[str, Step]
) -> None:
    # So long that the server has spoken before the end of it is on its way.
    outcome, _, fence = attempt(replace(mail, text="x" * 3_000_000), script)
    assert (outcome.verdict, outcome.code) == (Verdict.LATER, "452 4.3.1")
    assert fence.asked == 0


def test_the_fence_is_asked_when_all_but_the_final_dot_is_said(mail: Mail) -> None:
    with ScriptedServer() as server:

        def look() -> bool:
            assert server.heard("DATA")
            assert server.messages == []
            return True

        assert EmailChannel(server.url()).deliver(mail, look).verdict is Verdict.SENT
        assert len(server.messages) == 1


def test_a_closed_fence_sends_nothing_and_drops_the_connection(mail: Mail) -> None:
    with ScriptedServer() as server:
        channel = EmailChannel(server.url())
        assert channel.deliver(mail, Fence(answer=False)).verdict is Verdict.FENCED
        assert channel.deliver(mail, Fence()).verdict is Verdict.SENT
        assert server.connections == 2
        assert len(server.messages) == 1


@pytest.mark.parametrize("trouble", [RuntimeError, ConnectionError])
def test_a_fence_that_fails_is_not_the_mail_servers_fault(mail: Mail, trouble: type[Exception]) -> None:
    def fails() -> bool:
        raise trouble("the database is gone")

    with ScriptedServer() as server:
        channel = EmailChannel(server.url())
        with pytest.raises(trouble, match="database"):
            channel.deliver(mail, fails)
        assert channel.deliver(mail, Fence()).verdict is Verdict.SENT
        assert len(server.messages) == 1


def test_with_too_little_time_for_an_answer_the_dot_is_not_sent(
    mail: Mail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.channels.email.RESERVE", 1.0)
    outcome, server, fence = attempt(mail, {})
    assert outcome.verdict is Verdict.LATER
    assert (fence.asked, server.messages) == (0, [])


def test_a_refused_recipient_leaves_the_connection_for_the_next(mail: Mail) -> None:
    with ScriptedServer({"RCPT": ["550 5.1.1 no", "250 Ok"]}) as server:
        channel = EmailChannel(server.url())
        assert channel.deliver(mail, Fence()).verdict is Verdict.ADDRESS
        assert channel.deliver(mail, Fence()).verdict is Verdict.SENT
        assert server.connections == 1


def test_a_server_that_is_not_there_is_tried_later(mail: Mail) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert EmailChannel(f"smtp://127.0.0.1:{port}").deliver(mail, Fence()).verdict is Verdict.LATER
    assert EmailChannel("smtp://no-such-host.invalid").deliver(mail, Fence()).verdict is Verdict.LATER


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ("535 5.7.8 wrong password", Verdict.US),
        ("534 5.7.9 use another way", Verdict.US),
        ("454 4.7.0 not now", Verdict.LATER),
        (CUT, Verdict.LATER),
    ],
)
def test_a_refused_login_concerns_us(mail: Mail, answer: str, verdict: Verdict) -> None:
    script: dict[str, Step] = {"EHLO": "250-mail.example\r\n250 AUTH PLAIN", "AUTH": answer}
    with ScriptedServer(script) as server:
        outcome = EmailChannel(server.url(login="clinic:secret@")).deliver(mail, Fence())
    assert outcome.verdict is verdict
    assert "secret" not in outcome.detail


@pytest.mark.parametrize("offer", ["250 mail.example", "250-mail.example\r\n250 AUTH GSSAPI"])
def test_a_server_without_a_login_that_we_know_concerns_us(mail: Mail, offer: str) -> None:
    with ScriptedServer({"EHLO": offer}) as server:
        outcome = EmailChannel(server.url(login="clinic:secret@")).deliver(mail, Fence())
    assert outcome.verdict is Verdict.US


def test_a_server_without_starttls_never_gets_the_mail_in_the_clear(mail: Mail) -> None:
    with ScriptedServer({"STARTTLS": "502 5.5.1 what"}) as server:
        outcome = EmailChannel(server.url("smtp+starttls")).deliver(mail, Fence())
        assert outcome.verdict is Verdict.US
        assert not server.heard("MAIL")


@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
def test_a_certificate_that_nobody_trusts_concerns_us(mail: Mail, certificate: Path, scheme: str) -> None:
    with ScriptedServer(tls=server_tls(certificate), implicit_tls=scheme == "smtps") as server:
        outcome = EmailChannel(server.url(scheme)).deliver(mail, Fence())
    assert outcome.verdict is Verdict.US
    assert "certificate" in outcome.detail


def test_encryption_that_the_server_does_not_speak_concerns_us(mail: Mail, certificate: Path) -> None:
    with ScriptedServer() as server:
        outcome = EmailChannel(server.url("smtps"), tls=client_tls(certificate)).deliver(mail, Fence())
    assert outcome.verdict is Verdict.US


def test_a_handshake_that_never_ends_is_cut_by_the_deadline(mail: Mail, certificate: Path) -> None:
    with ScriptedServer({"connect": SILENT}) as server:
        channel = EmailChannel(server.url("smtps"), tls=client_tls(certificate), deadline=0.2)
        assert channel.deliver(mail, Fence()).verdict in {Verdict.LATER}


def test_an_international_address_that_the_server_cannot_take_is_the_addresss_fault(mail: Mail) -> None:
    outcome, _, _ = attempt(replace(mail, recipient="josé@patients.example"), {})
    assert outcome.verdict is Verdict.ADDRESS
    ours, _, _ = attempt(replace(mail, sender=Sender("Clinic", "clínica@clinic.example")), {})
    assert ours.verdict is Verdict.US


@pytest.mark.parametrize("address", ["nobody", "a b@c.example", "a@-.example", "x>@y.example"])
def test_what_is_no_address_is_not_even_tried(mail: Mail, address: str) -> None:
    outcome, server, _ = attempt(replace(mail, recipient=address), {})
    assert outcome.verdict is Verdict.ADDRESS
    assert server.connections == 0


def test_a_sender_that_is_no_address_concerns_us(mail: Mail) -> None:
    outcome, _, _ = attempt(replace(mail, sender=Sender("Clinic", "visits")), {})
    assert outcome.verdict is Verdict.US


@pytest.mark.parametrize(
    "words",
    [
        "5.1.1 <maria.gomez@patients.example>: Recipient address rejected: User unknown",
        "5.1.1 The user MARIA.GOMEZ does not exist at patients.example",
        "5.1.1 maria.gomez=patients.example@bounce.example unknown",
        "5.1.1 The account does not exist\n5.1.1 https://help.example/?p=maria.gomez%40patients.example",
    ],
)
def test_what_is_kept_of_an_answer_names_nobody(words: str) -> None:
    outcome = outcome_of(Answer(Phase.RECIPIENT, 550, words), "maria.gomez@patients.example")
    assert "maria" not in outcome.detail.lower()
    assert "gomez" not in outcome.detail.lower()


@pytest.mark.parametrize(
    ("phase", "code", "words", "kept"),
    [
        (Phase.RECIPIENT, 550, "5.1.1 no mailbox of Maria Gomez", "recipient"),
        (Phase.RECIPIENT, 550, "User Maria Gomez unknown", "recipient"),
        (Phase.END, 452, "4.2.2 the mailbox of Maria Gomez is full", "end"),
        (Phase.RECIPIENT, 554, "5.7.1 blocked by a list", "recipient: blocked by a list"),
        (Phase.HELLO, 554, "go away", "hello: go away"),
    ],
)
def test_of_an_answer_about_a_mailbox_only_the_codes_are_kept(
    phase: Phase, code: int, words: str, kept: str
) -> None:
    """Its words may say whose it is; those about us or the systems between help whoever looks for a cause."""
    outcome = outcome_of(Answer(phase, code, words), "pat@patients.example")
    assert (outcome.detail, outcome.code.split()[0]) == (kept, str(code))


def test_a_long_answer_is_cut_and_stays_one_line() -> None:
    outcome = outcome_of(Answer(Phase.END, 451, "4.3.0 not\x00now\n" * 100), "a@b.example")
    assert len(outcome.detail) == 200
    assert outcome.detail.isprintable()


@pytest.mark.parametrize(
    ("words", "reference"),
    [
        ("2.0.0 Ok: queued as 4Xy1-2", "4Xy1-2"),
        ("OK id=1tFxyz-0001-Ab", "1tFxyz-0001-Ab"),
        ("Ok 0100018f-7c6e-000000", "Ok 0100018f-7c6e-000000"),
    ],
)
def test_the_servers_own_reference_of_a_mail_is_kept(words: str, reference: str) -> None:
    assert outcome_of(Answer(Phase.END, 250, words), "a@b.example").reference == reference
