"""Mails of strangers are taken apart within bounds, whatever they hold."""

import base64
from collections.abc import Callable
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.channels.inbound.mime import DEEPEST, LARGEST_MAIL, MOST_PARTS, TooMuch, parts_of
from tests.channels.inbound.letters import BODY, mail, nested, part


def types(raw: bytes) -> list[str]:
    return [each.type for each in parts_of(raw)]


def test_a_plain_mail_is_one_part() -> None:
    (only,) = parts_of(b"From: pat@patients.example\r\nSubject: hello\r\n\r\nI shall come.\r\n")
    assert (only.type, only.body, only.headers["Subject"]) == ("text/plain", b"I shall come.\r\n", "hello")


def test_parts_come_in_their_order_with_what_stands_in_them() -> None:
    inner = part('multipart/alternative; boundary="in"', f"--in\r\n{part('text/html', '<p>')}\r\n--in--")
    raw = mail(part("text/plain", BODY), inner, part("text/calendar", "BEGIN:VCALENDAR"))
    assert types(raw) == [
        "multipart/mixed", "text/plain", "multipart/alternative", "text/html", "text/calendar",
    ]  # fmt: skip
    assert [each.depth for each in parts_of(raw)] == [0, 1, 1, 2, 1]


def test_the_library_takes_the_same_mail_apart_in_the_same_way() -> None:
    written = EmailMessage(policy=policy.SMTP)
    written.set_content("Sí, gracias. " * 30)
    written.add_alternative("<p>Sí</p>", subtype="html")
    written.add_attachment(b"BEGIN:VCALENDAR\r\n", maintype="text", subtype="calendar")
    written.add_attachment(bytes(range(256)), maintype="application", subtype="octet-stream")
    raw = written.as_bytes()
    read = list(BytesParser(policy=policy.compat32).parsebytes(raw).walk())
    found = parts_of(raw)
    assert [each.type for each in found] == [each.get_content_type() for each in read]
    for ours, theirs in zip(found, read, strict=True):
        if not theirs.is_multipart():
            assert ours.content(LARGEST_MAIL) == theirs.get_payload(decode=True)


def test_a_mail_in_a_mail_stays_closed() -> None:
    forwarded = part("message/rfc822", mail(part("text/calendar", "BEGIN:VCALENDAR"), boundary="in").decode())
    assert types(mail(part("text/plain", BODY), forwarded)) == [
        "multipart/mixed", "text/plain", "message/rfc822",
    ]  # fmt: skip


@pytest.mark.parametrize("ending", [b"\r\n", b"\n"])
def test_either_line_end_will_do(ending: bytes) -> None:
    raw = mail(part("text/plain", BODY), part("text/html", "<p>")).replace(b"\r\n", ending)
    assert types(raw) == ["multipart/mixed", "text/plain", "text/html"]


def test_a_mail_that_was_cut_off_keeps_what_it_has() -> None:
    raw = mail(part("text/plain", BODY), part("text/calendar", "BEGIN:VCALENDAR"))
    assert types(raw[: raw.index(b"--b0--")]) == ["multipart/mixed", "text/plain", "text/calendar"]


HOSTILE: dict[str, Callable[[], bytes]] = {
    "a mail of more than 1 MB": lambda: b"Subject: x\r\n\r\n" + b"x" * LARGEST_MAIL,
    "100,000 parts": lambda: (
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + b"--b\r\n\r\n\r\n" * 100_000
    ),
    "a depth of 1,000": lambda: nested(1_000),
    "one level too deep": lambda: nested(DEEPEST + 1),
    "one part too many": lambda: mail(*[part("text/plain", "x")] * MOST_PARTS),
    "headers without an end": lambda: b"X-Header: x\r\n" * 10_000,
    "parts in parts": lambda: mail(*[mail(*[part("text/plain", "x")] * 40, boundary="in").decode()] * 40),
}


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_beyond_the_bounds_is_refused_at_once(make: Callable[[], bytes]) -> None:
    raw = make()
    began = process_time()
    with pytest.raises(TooMuch):
        parts_of(raw)
    assert process_time() - began < 2


def test_what_is_just_within_the_bounds_is_read() -> None:
    assert len(parts_of(nested(DEEPEST))) == DEEPEST + 1
    assert len(parts_of(mail(*[part("text/plain", "x")] * (MOST_PARTS - 1)))) == MOST_PARTS


def test_a_part_is_decoded_within_a_bound_of_its_own() -> None:
    encoded = base64.encodebytes(b"x" * 1000).decode()
    (_, found) = parts_of(mail(part("text/plain", encoded, Content_Transfer_Encoding="base64")))
    assert found.content(1000) == b"x" * 1000
    with pytest.raises(TooMuch):
        found.content(999)


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_nothing_else_happens_whatever_comes(noise: bytes) -> None:
    for raw in (
        noise,
        b'Content-Type: multipart/mixed; boundary="b"\r\n' + noise,
        mail(noise.decode("latin-1")),
    ):
        try:
            for each in parts_of(raw):
                each.content(LARGEST_MAIL)
                each.parameter("charset")
        except TooMuch:
            pass
