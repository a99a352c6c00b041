"""Readers that share no line of code with the writer: ical.js (Thunderbird) and libical (Evolution, KDE)."""

from dataclasses import replace
from urllib.parse import unquote

import pytest

from scheduler.calendars.invite import InviteFacts, Method, invite
from scheduler.calendars.text import lines, one_line
from tests.calendars.cast import HOSTILE, IN_PERSON, LINK, VIDEO, in_both_seasons, with_texts
from tests.calendars.independent import Reader


def test_fifty_zones_in_both_seasons_are_the_same_instants_for_others(independent: Reader) -> None:
    named = in_both_seasons()
    for (name, facts), seen in zip(named, independent([invite(facts) for _, facts in named]), strict=True):
        assert seen["starts"] == facts.starts_at.timestamp(), name
        assert seen["ends"] == facts.ends_at.timestamp(), name
        assert seen["faults"] == []


@pytest.mark.parametrize("facts", [VIDEO, IN_PERSON], ids=["video", "in person"])
def test_others_read_every_part_of_an_invite(independent: Reader, facts: InviteFacts) -> None:
    (seen,) = independent([invite(facts)])
    assert seen["events"] == 1
    assert (seen["method"], seen["partstat"]) == ("REQUEST", "NEEDS-ACTION")
    assert (seen["uid"], seen["sequence"]) == (str(facts.uid), facts.sequence)
    assert seen["organizer"] == f"mailto:{facts.organizer.email}"
    assert unquote(seen["attendee"]) == f"mailto:{facts.attendee}"
    assert (seen["summary"], seen["location"]) == (facts.summary, facts.location)
    assert seen["description"] == facts.description
    assert seen["conference"] == (facts.join_link or "")


@pytest.mark.parametrize("facts", [VIDEO, IN_PERSON], ids=["video", "in person"])
def test_others_read_a_cancel_as_the_end_of_the_same_entry(independent: Reader, facts: InviteFacts) -> None:
    entered, gone = independent([invite(facts), invite(replace(facts, sequence=1), Method.CANCEL)])
    assert (gone["events"], gone["method"], gone["status"]) == (1, "CANCEL", "CANCELLED")
    assert (entered["status"], gone["sequence"]) == ("CONFIRMED", entered["sequence"] + 1)
    for name in ("uid", "organizer", "attendee", "starts", "ends"):
        assert gone[name] == entered[name]
    assert gone["faults"] == []


def test_others_get_hostile_texts_back_as_one_text(independent: Reader) -> None:
    seen = independent([invite(with_texts(text)) for text in HOSTILE])
    for text, each in zip(HOSTILE, seen, strict=True):
        assert each["events"] == 1
        assert each["faults"] == []
        assert each["summary"] == each["location"] == one_line(text)
        assert each["description"] == lines(f"{text}\n{LINK}")


@pytest.mark.libical
def test_libical_finds_no_fault_with_our_invites_but_with_broken_ones(libical: Reader) -> None:
    good = invite(VIDEO)
    broken = [
        good.replace(b'ORGANIZER;CN="Example Spine Clinic":mailto:visits@clinic.example\r\n', b""),
        good.replace(b"DTSTAMP:20261120T150200Z\r\n", b""),
        good.replace(b"SEQUENCE:0\r\n", b"SEQUENCE:0\r\nSEQUENCE:1\r\n"),
        good.replace(b"STATUS:CONFIRMED", b"STATUS:COMPLETED"),
    ]
    fine, *others = libical([good, *broken])
    assert fine["valid"]
    assert fine["faults"] == []
    (cancelled,) = libical([invite(VIDEO, Method.CANCEL)])
    assert (cancelled["valid"], cancelled["faults"]) == (True, [])
    assert [not each["valid"] or bool(each["faults"]) for each in others] == [True] * 4
