"""Every text fits into one: each kind, language and mode, with the longest date, zone and names."""

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from config.settings import ROOM_FOR_URL
from scheduler.domain.clinic import Mode
from scheduler.domain.messages import WORDLESS, MessageKind
from scheduler.messages.facts import MessageFacts
from scheduler.messages.gsm7 import LONGEST, fold_gsm7, gsm7_length
from scheduler.messages.sms import TextTooLong, link_of, one_text, render_call, render_sms
from scheduler.messages.words import WORDS

BASE = "https://".ljust(ROOM_FOR_URL, "v")
TOKEN = "t" * 22
KINDS = sorted(set(MessageKind) - WORDLESS - {MessageKind.WITHDRAWN, MessageKind.REPLY, MessageKind.ALERT})
FACTS = MessageFacts(
    kind=MessageKind.CONFIRMED,
    language="en",
    sender_name="Example Clinic",
    clinic_phone="+14095550101",
    first_name="Zoraida",
    practitioner="Dr. One",
    mode=Mode.TELEMEDICINE,
    pending=False,
    starts_at=datetime(2026, 9, 30, 17, 30, tzinfo=UTC),
    ends_at=datetime(2026, 9, 30, 18, 30, tzinfo=UTC),
    zone=ZoneInfo("America/Chicago"),
    patient_zone=None,
    place="200 Example Avenue, North Exampleville, TX 00000",
    manage_link=f"{BASE}/v/{TOKEN}",
    book_link=f"{BASE}/book",
    join_link=f"{BASE}/v/{TOKEN}/join",
    not_you_link=f"{BASE}/not-you/{TOKEN}",
    answer_by=None,
    reads_answers=True,
)
FAR = ZoneInfo("Asia/Kathmandu")
"""Whose clocks have no letters, and an offset of four digits."""


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_text_fits_and_says_only_what_it_may(kind: MessageKind, language: str, mode: Mode) -> None:
    facts = replace(
        FACTS, kind=kind, language=language, mode=mode, practitioner="Dr. Ramirez", patient_zone=FAR
    )
    body = render_sms(facts, "Example North Office", "J.D.").body
    length = gsm7_length(body)
    assert length is not None
    assert length <= LONGEST
    assert body.count("https://") == 1
    assert link_of(facts) in body
    assert "Zoraida" not in body
    assert "CANCEL " not in body.upper().replace("CANCELLED", "")


def test_the_place_is_left_out_where_it_does_not_fit() -> None:
    facts = replace(FACTS, mode=Mode.IN_PERSON)
    assert "North" in render_sms(replace(facts, manage_link="https://v.example/v/x"), "North Office").body
    assert "Office" not in render_sms(facts, "Example North Office and Surgery Center").body


def test_what_does_not_fit_without_it_is_no_text() -> None:
    with pytest.raises(TextTooLong):
        render_sms(replace(FACTS, practitioner="Dr. " + "Longname " * 6), None)
    with pytest.raises(TextTooLong):
        render_sms(replace(FACTS, practitioner="王医生"), None)


@pytest.mark.parametrize("initials", ["И.П.", "Ж.S.", "م.ع.", "李.李.", "Ά.Β."])
def test_initials_that_texts_cannot_show_are_left_out(initials: str) -> None:
    assert render_sms(FACTS, None, initials) == render_sms(FACTS, None)
    assert "(D.Γ.)" in render_sms(FACTS, None, "Đ.Γ.").body, "the alphabet has some Greek letters"


def test_an_accent_is_the_same_however_it_is_written() -> None:
    for written in ("Clínica Núñez", "Ça va, Đặng", "Åsa Öström"):
        assert fold_gsm7(unicodedata.normalize("NFD", written)) == fold_gsm7(written)
    assert fold_gsm7("m\N{COMBINING TILDE}") == "m", "a letter that has no form of its own with this accent"


def test_a_sign_that_counts_twice_does_so_at_the_limit() -> None:
    assert one_text("x" * 160) == "x" * 160
    assert one_text("x" * 158 + "€") == "x" * 158 + "€"
    for longer in ("x" * 161, "x" * 159 + "€"):
        with pytest.raises(TextTooLong) as refused:
            one_text(longer)
        assert refused.value.characters == 161


def test_letters_that_texts_lack_become_those_that_they_have() -> None:
    assert (
        fold_gsm7("sábado, Núñez “p.\N{NO-BREAK SPACE}m.” Đặng – ok…") == 'sabado, Nuñez "p. m." Dang - ok...'
    )
    assert gsm7_length("€[") == 4
    assert gsm7_length("ç") is None


def test_on_the_phone_the_same_is_said_without_a_link() -> None:
    said = render_call(replace(FACTS, kind=MessageKind.REMINDER, mode=Mode.IN_PERSON), "North Office")
    assert said == "Example Clinic: reminder: Dr. One, Wed Sep 30 12:30 PM CDT, North Office."
