from dataclasses import replace
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.channels.mime import Mail, compose
from scheduler.channels.smtp.address import NoAddress
from scheduler.domain.clinic import Sender
from tests.channels.conftest import INVITE


def read(content: bytes) -> EmailMessage:
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def payload(part: Any) -> bytes:
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content


def test_an_invite_lies_beside_the_texts_and_again_as_a_file(mail: Mail) -> None:
    parts = [part.get_content_type() for part in read(compose(mail)).walk()]
    assert parts == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/calendar",
        "application/ics",
    ]


def test_both_copies_of_an_invite_have_its_very_bytes(mail: Mail) -> None:
    *_, inner, attached = read(compose(mail)).walk()
    assert payload(inner) == payload(attached) == INVITE
    assert attached.get_filename() == "invite.ics"
    assert attached.get_content_disposition() == "attachment"
    assert attached.get_param("name") == "invite.ics"


def test_the_header_of_an_invite_names_its_method_and_character_set(mail: Mail) -> None:
    raw = compose(replace(mail, calendar_method="CANCEL"))
    assert b"\r\nContent-Type: text/calendar; charset=UTF-8; method=CANCEL\r\n" in raw


def test_a_mail_without_an_invite_has_two_alternatives(mail: Mail) -> None:
    parts = [part.get_content_type() for part in read(compose(replace(mail, calendar=None))).walk()]
    assert parts == ["multipart/alternative", "text/plain", "text/html"]


def test_the_texts_come_out_as_they_went_in(mail: Mail) -> None:
    wanted = "¿Preguntas? " + "long " * 400 + "\nlast  \n"
    _, _, text, html, *_ = read(compose(replace(mail, text=wanted, html=wanted))).walk()
    assert payload(text).decode().replace("\r\n", "\n") == wanted
    assert payload(html).decode().replace("\r\n", "\n") == wanted


def test_equal_mails_are_equal_bytes_and_another_message_has_another_boundary(mail: Mail) -> None:
    assert compose(mail) == compose(replace(mail))
    other = replace(mail, message_id="<other@clinic.example>")
    assert read(compose(other)).get_boundary() != read(compose(mail)).get_boundary()


def test_no_line_feed_stands_alone_and_no_line_is_long(mail: Mail) -> None:
    raw = compose(replace(mail, subject="ñ" * 300, text="x" * 5000))
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
    assert max(map(len, raw.split(b"\r\n"))) <= 78
    assert raw.isascii()


SAMPLE = Mail(
    message_id="<a@b>",
    date=datetime.fromisoformat("2026-11-20T15:30:00+00:00"),
    sender=Sender("Example Spine Clinic", "visits@clinic.example"),
    recipient="maria@patients.example",
    subject="Your appointment",
    text="",
    html="",
)


@given(st.text("ab=. \t\n\r\x0c\u2028é", max_size=300), st.binary(max_size=300))
def test_the_library_writes_what_it_read_as_the_same_bytes(words: str, calendar: bytes) -> None:
    raw = compose(replace(SAMPLE, text=words, html=words, calendar=calendar))
    assert message_from_bytes(raw, policy=policy.SMTPUTF8.clone(refold_source="none")).as_bytes() == raw


def test_the_sender_is_named_and_the_recipient_is_not(mail: Mail) -> None:
    message = read(compose(mail))
    assert message["From"] == message["Reply-To"] == "Example Spine Clinic <visits@clinic.example>"
    assert message["To"] == "maria@patients.example"


def test_a_comma_in_the_senders_name_makes_no_second_sender(mail: Mail) -> None:
    message = read(compose(replace(mail, sender=Sender('Spine, Neck "and" Back', "visits@clinic.example"))))
    assert [each.display_name for each in message["From"].addresses] == ['Spine, Neck "and" Back']


def test_machines_are_told_not_to_answer(mail: Mail) -> None:
    message = read(compose(mail))
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "OOF, AutoReply"


def test_date_and_id_are_those_of_the_row(mail: Mail) -> None:
    message = read(compose(mail))
    assert message["Date"].datetime == datetime.fromisoformat("2026-11-20T15:30:00+00:00")
    assert message["Message-ID"] == "<4f2a1c9e@clinic.example>"
    assert "References" not in message


def test_an_update_refers_to_the_mails_before_it(mail: Mail) -> None:
    first, second = f"<{'a' * 90}@clinic.example>", f"<{'b' * 90}@clinic.example>"
    message = read(compose(replace(mail, references=(first, second))))
    assert message["In-Reply-To"] == second
    assert message["References"].split() == [first, second]


def test_a_message_id_that_would_begin_another_header_is_refused(mail: Mail) -> None:
    with pytest.raises(ValueError, match="not a Message-ID"):
        compose(replace(mail, message_id="<a@b>\r\nBcc: <c@d>"))


def test_a_message_id_in_a_domain_with_other_letters_is_written_in_ascii(mail: Mail) -> None:
    raw = compose(replace(mail, message_id="<4f2a@clínica.example>"))
    assert b"\r\nMessage-ID: <4f2a@xn--clnica-4va.example>\r\n" in raw


@pytest.mark.parametrize(
    "address", ["", "maria", "@b.example", "a b@c.example", "a@b\r\nRCPT TO:<c@d>", "<a@b>"]
)
def test_what_is_no_address_is_refused(mail: Mail, address: str) -> None:
    with pytest.raises(NoAddress):
        compose(replace(mail, recipient=address))


def test_a_domain_with_other_letters_is_written_in_ascii(mail: Mail) -> None:
    raw = compose(replace(mail, recipient="maria@straße.example"))
    assert b"\r\nTo: maria@xn--strae-oqa.example\r\n" in raw


def test_an_address_with_other_letters_makes_an_international_mail(mail: Mail) -> None:
    raw = compose(replace(mail, recipient="josé@patients.example"))
    assert "\r\nTo: josé@patients.example\r\n".encode() in raw


@given(st.text(max_size=120), st.text(max_size=200))
def test_nothing_that_stands_in_a_name_or_subject_becomes_a_header(name: str, subject: str) -> None:
    hostile = replace(SAMPLE, sender=Sender(name, "visits@clinic.example"), subject=subject)
    message = read(compose(hostile))
    assert len(message.keys()) == len(set(message.keys())) == 10
    assert [each.addr_spec for each in message["From"].addresses] == ["visits@clinic.example"]
