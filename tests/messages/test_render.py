import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.domain.clinic import Mode
from scheduler.domain.messages import ENDING, WORDLESS, MessageKind
from scheduler.messages.facts import MessageFacts, greeted_name, spoken_phone
from scheduler.messages.render import MessageText, entry_texts, render
from scheduler.messages.words import WORDS
from tests.messages.conftest import (
    BOOK,
    IN_PERSON,
    JOIN,
    MANAGE,
    NOT_YOU,
    PLACE,
    VIDEO,
    as_kind,
    every_message,
)

Make = Callable[..., MessageFacts]
EASTERN = ZoneInfo("America/New_York")
ANSWER_BY = datetime(2026, 12, 2, 23, 0, tzinfo=UTC)


class Reader(HTMLParser):
    """What a person reads, the links, and what a browser would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attributes}
        self.links += [found["href"]] if "href" in found else []
        self.fetched += [found[name] for name in ("src", "background", "srcset") if name in found]
        if tag not in {"meta", "br", "img", "link"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)


def read(html: str) -> tuple[str, list[str]]:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    assert reader.fetched == []
    return " ".join(" ".join(reader.words).split()), reader.links


def everything(text: MessageText) -> str:
    return f"{text.subject}\n{text.text}\n{text.html}"


@pytest.mark.parametrize("facts", every_message())
def test_both_forms_of_a_mail_say_the_same_facts(facts: MessageFacts) -> None:
    said = render(facts)
    words, links = read(said.html)
    shown = [facts.practitioner, facts.sender_name, "(409) 555-0100", "Maria"]
    shown += [PLACE] if facts.mode is Mode.IN_PERSON else []
    shown += ["Tuesday, December 1, 2026", "2:30 PM Central time"] if facts.language == "en" else []
    shown += ["martes, 1 de diciembre de 2026", "hora del Centro"] if facts.language == "es" else []
    for each in shown:
        assert each in words
        assert each in said.text
    mailed = [each for each in links if each.startswith("https:")]
    assert sorted(mailed) == sorted(re.findall(r"https://\S+", said.text))
    assert "tel:+14095550100" in links


@pytest.mark.parametrize("facts", every_message())
def test_each_kind_carries_the_links_that_it_is_for(facts: MessageFacts) -> None:
    wanted = [BOOK, NOT_YOU] if facts.kind in ENDING else [MANAGE, NOT_YOU]
    if facts.join_link and facts.kind not in (MessageKind.RECEIVED, MessageKind.REPLY):
        wanted.append(JOIN)
    assert sorted(re.findall(r"https://\S+", render(facts).text)) == sorted(wanted)


@pytest.mark.parametrize("facts", every_message())
def test_a_mail_loads_nothing_and_fits_600_pixels_light_and_dark(facts: MessageFacts) -> None:
    html = render(facts).html
    assert "url(" not in html
    assert "<img" not in html
    assert "max-width:600px" in html
    assert 'name="color-scheme" content="light dark"' in html
    assert "prefers-color-scheme: dark" in html
    assert f'<html lang="{facts.language}"' in html
    assert len(html) < 20_000


@pytest.mark.parametrize("facts", every_message())
def test_plain_text_is_tidy(facts: MessageFacts) -> None:
    lines = render(facts).text.splitlines()
    assert max(map(len, lines)) <= 78
    assert all(line == line.rstrip() for line in lines)
    assert "\n\n\n" not in "\n".join(lines)


@pytest.mark.parametrize("facts", every_message())
def test_a_subject_names_the_date_and_nobody(facts: MessageFacts) -> None:
    subject = render(facts).subject
    assert ("Dec 1" if facts.language == "en" else "1 de dic") in subject
    assert "\n" not in subject
    for secret in (facts.first_name, facts.practitioner, facts.sender_name, PLACE):
        assert secret not in subject


def test_the_confirmation_has_the_subject_that_the_clinic_chose() -> None:
    assert render(VIDEO).subject == "Your appointment on Dec 1"


@pytest.mark.parametrize(
    ("language", "words"), [("en", "still has to approve it"), ("es", "tiene que aprobarla")]
)
def test_a_request_says_that_the_clinic_has_to_approve_it(language: str, words: str) -> None:
    said = render(replace(VIDEO, kind=MessageKind.RECEIVED, pending=True, language=language))
    assert words in " ".join(said.text.split())
    assert words in read(said.html)[0]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "at the latest by Wednesday, December 2, 2026, 5:00 PM Central time"),
        ("es", "a más tardar el miércoles, 2 de diciembre de 2026, a las 5:00 p. m., hora del Centro"),
    ],
)
def test_a_request_says_by_when_the_clinic_answers(language: str, words: str) -> None:
    asked = as_kind(replace(VIDEO, pending=True, answer_by=ANSWER_BY), MessageKind.RECEIVED, language)
    said = render(asked)
    for form in (said.text, read(said.html)[0]):
        assert words in " ".join(form.split())
    assert max(map(len, said.text.splitlines())) <= 78


def test_the_answer_comes_by_the_clock_that_the_patient_reads(video: Make, in_person: Make) -> None:
    asked = {"kind": MessageKind.RECEIVED, "answer_by": ANSWER_BY, "patient_zone": EASTERN}
    assert "6:00 PM Eastern time." in render(video(**asked)).text
    assert "5:00 PM Central time." in render(in_person(**asked)).text


@pytest.mark.parametrize(
    ("kind", "language", "words"),
    [
        (MessageKind.CHANGED, "en", "now takes place as written here"),
        (MessageKind.CHANGED, "es", "como se indica aquí"),
        (MessageKind.CANCELLED, "en", "If you did not expect this"),
        (MessageKind.CANCELLED, "es", "no esperaba este aviso"),
        (MessageKind.DECLINED, "en", "could not accept your"),
        (MessageKind.DECLINED, "es", "no pudo aceptar su solicitud"),
        (MessageKind.EXPIRED, "en", "did not answer your appointment request in time"),
        (MessageKind.EXPIRED, "es", "no respondió a tiempo a su solicitud de cita"),
    ],
)
def test_news_of_a_visit_are_said_in_so_many_words(kind: MessageKind, language: str, words: str) -> None:
    said = render(as_kind(VIDEO, kind, language))
    assert words in " ".join(said.text.split())
    assert words in read(said.html)[0]


@pytest.mark.parametrize("kind", sorted(ENDING))
@pytest.mark.parametrize(("language", "word"), [("en", "not"), ("es", "no")])
def test_nobody_takes_the_end_of_a_visit_for_a_confirmation(
    kind: MessageKind, language: str, word: str
) -> None:
    """A list of mails shows subject and preview only; in the mail the word "not" stands out."""
    said = render(as_kind(VIDEO, kind, language))
    assert not said.subject.startswith(("Your", "Su"))
    assert f"<strong>{word}</strong>" in said.html
    preview = said.html.partition('overflow:hidden">')[2].partition("<")[0]
    assert re.match(r"[\w ]+: (Tuesday|martes)", preview)


@pytest.mark.parametrize("kind", [MessageKind.DECLINED, MessageKind.EXPIRED])
def test_a_request_that_came_to_nothing_leads_to_the_phone(kind: MessageKind) -> None:
    said = render(as_kind(VIDEO, kind))
    assert "Please call us" in said.text
    assert 'href="tel:+14095550100" style="display:inline-block' in said.html


def test_a_video_visit_names_the_patients_zone_first_and_the_clinics_where_it_differs(video: Make) -> None:
    said = render(video(patient_zone=EASTERN))
    for form in (said.text, read(said.html)[0]):
        assert form.index("3:30 PM Eastern time") < form.index("At the clinic: 2:30 PM Central time")
    same = render(video(patient_zone=ZoneInfo("America/Mexico_City")))
    assert "2:30 PM Mexico City time" in same.text
    assert "At the clinic" not in everything(same)


def test_where_the_days_differ_the_clinics_day_is_said_too(video: Make) -> None:
    said = render(video(patient_zone=ZoneInfo("Asia/Manila")))
    assert "Wednesday, December 2, 2026" in said.text
    assert "At the clinic: Tuesday, December 1, 2026, 2:30 PM Central time" in said.text
    assert said.subject == "Your appointment on Dec 2"


def test_a_visit_in_person_names_only_the_zone_of_its_place(in_person: Make) -> None:
    said = everything(render(in_person(patient_zone=EASTERN)))
    assert "Central time" in said
    assert "Eastern" not in said


def test_an_hour_that_comes_twice_is_told_from_its_twin(video: Make) -> None:
    early = render(video(starts_at=datetime(2026, 11, 1, 6, 30, tzinfo=UTC)))
    late = render(video(starts_at=datetime(2026, 11, 1, 7, 30, tzinfo=UTC)))
    assert "1:30 AM Central time (CDT, UTC-5)" in early.text
    assert "1:30 AM Central time (CST, UTC-6)" in late.text


def test_a_language_without_texts_gets_english() -> None:
    assert render(replace(VIDEO, language="vi")) == render(VIDEO)


def test_equal_facts_give_equal_texts_and_kinds_and_languages_have_their_own_version() -> None:
    assert render(VIDEO) == render(replace(VIDEO))
    versions = {
        render(replace(VIDEO, kind=kind, language=language)).template_version
        for kind in set(MessageKind) - WORDLESS - {MessageKind.ALERT}
        for language in WORDS
    }
    assert len(versions) == (len(set(MessageKind) - WORDLESS) - 1) * len(WORDS)
    assert all(re.fullmatch("[0-9a-f]{12}", version) for version in versions)


@pytest.mark.parametrize("name", ["Maria", "María José", "O'Brien", "Jean-Luc", "Nguyễn", "D’Arcy", "李小龙"])
def test_people_are_greeted_by_their_names(name: str) -> None:
    assert greeted_name(name) == name


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "evil.example",
        "https://evil.example/win",
        "You won $500! Call now",
        "Call 409 555 0199 for your prize",
        "<b>Maria</b>",
        "x" * 31,
        "Maria\r\nBcc: all@clinic.example",
    ],
)
def test_what_is_typed_as_a_name_but_is_none_reaches_nobody(typed: str) -> None:
    said = render(replace(VIDEO, first_name=typed))
    assert greeted_name(typed) == ""
    assert said.text.startswith("Hello,\n")
    assert "evil" not in everything(said)


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+14095550100", "(409) 555-0100"),
        ("+525512345678", "+52 55 1234 5678"),
        ("12345", "12345"),
    ],
)
def test_a_phone_number_is_shown_as_people_write_it(number: str, shown: str) -> None:
    assert spoken_phone(number) == shown


@pytest.mark.parametrize("facts", every_message())
def test_a_calendar_entry_holds_the_join_link_and_no_other(facts: MessageFacts) -> None:
    entry = entry_texts(facts)
    joined = f"{entry.summary}\n{entry.description}\n{entry.location}\n{entry.join_label}"
    assert re.findall(r"https?://\S+", joined) == ([JOIN] if facts.join_link else [])
    assert facts.first_name not in joined
    assert "(409) 555-0100" in entry.description


def test_a_calendar_entry_says_what_calendars_show() -> None:
    video, in_person = entry_texts(VIDEO), entry_texts(IN_PERSON)
    assert (video.summary, video.location) == ("Video visit with Dr. Lee", "Video visit")
    assert (in_person.summary, in_person.location) == ("Appointment with Dr. Lee", PLACE)
    assert video.description.startswith("Tuesday, December 1, 2026, 2:30 PM Central time\n")
    assert "approve" not in video.description
    assert "approve" in entry_texts(replace(VIDEO, pending=True)).description


@pytest.mark.parametrize("kind", sorted(ENDING))
@pytest.mark.parametrize(("language", "words"), [("en", "does not take place"), ("es", "no tendrá lugar")])
def test_the_entry_of_a_visit_that_ended_says_so(kind: MessageKind, language: str, words: str) -> None:
    """Some calendars keep a cancelled entry and show it struck through."""
    description = entry_texts(as_kind(VIDEO, kind, language)).description
    assert words in description
    assert "cancel" not in description


@given(st.text(max_size=80), st.text(max_size=200))
def test_hostile_names_and_places_stay_text(name: str, place: str) -> None:
    said = render(replace(IN_PERSON, practitioner=name, place=place))
    _, links = read(said.html)
    assert set(links) == {MANAGE, NOT_YOU, "tel:+14095550100"}
    assert "\r" not in said.text
    assert "\x00" not in everything(said)
