"""A clinic whose names leave no room in texts is told so when its file is checked."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest

from scheduler.domain.clinic import Mode
from scheduler.domain.errors import ClinicFileFaulty
from scheduler.messages.answers import Answer
from scheduler.messages.fitting import KINDS, unfit_alerts, unfit_answers, unfit_messages
from scheduler.messages.gsm7 import LONGEST, gsm7_length
from scheduler.messages.sms import render_sms
from scheduler.messages.words import WORDS
from scheduler.services.clinic.check import read
from tests.conftest import CLINIC
from tests.messages.test_sms import FACTS
from tests.services.clinic.files import EXAMPLE, small

TESTS = CLINIC.read_text(encoding="utf-8")
LONG = "Dr. Maximiliana Featherstonehaugh-Cholmondeley"
CENTER = "Example Center for Spine, Joint and Nerve Surgery and Rehabilitation of the Whole Southeast"
PHONE = "+14095550100"


def reasons(text: str) -> list[str]:
    with pytest.raises(ClinicFileFaulty) as caught:
        read(text)
    return [f"{fault.where}: {fault.reason}" for fault in caught.value.faults]


def test_the_example_fits() -> None:
    read(EXAMPLE.read_text(encoding="utf-8"))
    read(TESTS)


def test_a_practitioner_whose_name_does_not_fit_is_named_with_the_text_that_shows_it() -> None:
    (english, spanish) = reasons(TESTS.replace('"Dr. One"', f'"{LONG}"', 1))
    where = "practitioners[0].message_name"
    assert english.startswith(
        f'{where}: "{LONG}" does not fit beside the sender "Example Clinic": the text "'
    )
    assert english.endswith(" characters, and 160 is the most")
    assert ("(en)" in english, "(es)" in spanish) == (True, True)


def test_letters_that_texts_do_not_have_are_said_to_be_so() -> None:
    found = reasons(TESTS.replace('"Dr. One"', '"王医生"', 1))
    assert all(each.endswith("would have letters that texts do not have") for each in found)
    read(TESTS.replace('"Dr. One"', '"Dr. Núñez"', 1))


def test_a_sender_that_leaves_no_room_is_no_practitioners_fault() -> None:
    sender = '[clinic.sender]\nname = "{}"'.format
    found = reasons(TESTS.replace(sender("Example Clinic"), sender(CENTER)))
    assert {each.partition(":")[0] for each in found} == {"clinic.sender.name"}
    assert "leaves too little room: the text " in found[0]


def test_where_nobody_can_agree_to_texts_names_may_be_as_long_as_they_are() -> None:
    read(small(('name = "Dr. One"', f'name = "{LONG}"')))


def test_where_alerts_go_to_numbers_they_have_to_fit() -> None:
    (found,) = reasons(small(('name = "Clinic"', f'name = "{CENTER}"')))
    assert 'clinic.sender.name: leaves too little room: the text "alert ' in found
    mails = ('"+1 409 555 0120"', '"a@example.org"'), ('"+1 409 555 0121"', '"b@example.org"')
    read(small(('name = "Clinic"', f'name = "{CENTER}"'), *mails))


@pytest.mark.parametrize(("language", "written"), [("en", "en"), ("es", "es"), ("vi", "en")])
def test_every_text_that_there_is_is_tried(language: str, written: str) -> None:
    endless = "Example " * 30
    messages = unfit_messages(endless, "Dr. One", PHONE, language)
    assert [each.name for each in messages] == KINDS
    assert {each.language for each in messages} == {written}
    assert [each.name for each in unfit_answers(endless, PHONE, language)] == list(Answer)
    assert len(unfit_alerts(endless, language)) > 20
    assert unfit_messages("Clinic", "Dr. One", PHONE, language) == []


def longest_sender(language: str) -> str:
    """The longest name of letters alone that is let through beside this practitioner."""
    lengths = range(LONGEST, 0, -1)
    return next("S" * each for each in lengths if not unfit_messages("S" * each, "Dr. One", PHONE, language))


ZONES = ("America/Chicago", "America/Anchorage", "America/Sao_Paulo", "Asia/Kathmandu")
"""One for each way in which a text names a clock."""


def instants() -> Iterator[tuple[ZoneInfo, datetime]]:
    """Each hour of a day by each clock, and then days of a whole year."""
    for zone in map(ZoneInfo, ZONES):
        begin = datetime(2026, 9, 30, tzinfo=zone)
        yield from ((zone, begin + timedelta(hours=each)) for each in range(24))
        yield from ((zone, begin + timedelta(days=each, hours=11.25)) for each in range(0, 366, 45))


@pytest.mark.parametrize("language", WORDS)
def test_what_is_let_through_fits_at_every_time_by_every_clock(language: str) -> None:
    facts = replace(FACTS, language=language, sender_name=longest_sender(language), mode=Mode.TELEMEDICINE)
    assert unfit_messages(f"{facts.sender_name}S", "Dr. One", PHONE, language), "no room left"
    for zone, at in instants():
        facts = replace(facts, patient_zone=zone, starts_at=at)
        for kind in KINDS:
            body = render_sms(replace(facts, kind=kind), None, "W.W.").body
            assert (gsm7_length(body) or LONGEST + 1) <= LONGEST


def test_no_clock_has_a_longer_name_than_the_one_that_is_tried() -> None:
    seasons = datetime(2026, 1, 15, tzinfo=UTC), datetime(2026, 7, 15, tzinfo=UTC)
    names = {at.astimezone(ZoneInfo(key)).tzname() or "" for key in available_timezones() for at in seasons}
    assert max(len(each) for each in names if each.isalpha()) < len("UTC+0545")
    assert max(len(each) for each in names if not each.isalpha()) == len("+0545")
