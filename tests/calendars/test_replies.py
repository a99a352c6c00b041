"""Answers of calendars are read as strings, in no time, whatever they hold."""

from contextlib import suppress
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.calendars.replies import LONGEST_OBJECT, Answer, Attendee, Unreadable, read_answer
from tests.channels.inbound.letters import calendar

UID = "0d9ac3b5-55a4-4f0e-9d9a-2f1f6f6f8a01"
PAT = Attendee("pat0@patients.example", "ACCEPTED")
YES = Answer("REPLY", UID, 0, "20261201T130000Z", (PAT,))


def test_a_yes() -> None:
    assert read_answer(calendar(UID).encode()) == YES


@pytest.mark.parametrize(
    "content",
    [
        calendar(UID).encode("utf-8-sig"),
        calendar(UID).encode("utf-16"),
        calendar(UID, more="COMMENT:ma\u00f1ana\r\n").encode("latin-1"),
        calendar(UID).replace("\r\n", "\n").encode(),
        calendar(UID).replace("\r\n", "\r").encode(),
        calendar(UID).replace("ATTENDEE;CN=Pat;", "ATTENDEE;CN=Pat\r\n ;").encode(),
        calendar(UID).replace("mailto:", "MAILTO:").replace("STAT=ACCEPTED", "stat=accepted").encode(),
        calendar(UID).replace("ATTENDEE;CN=Pat", 'ATTENDEE;CN="Pat; Example: the first"').encode(),
        calendar(UID, more="X-BROKEN LINE\r\nCOMMENT:PARTSTAT=DECLINED\r\n").encode(),
        calendar(UID, before="BEGIN:VTIMEZONE\r\nTZID:x\r\nUID:other\r\nEND:VTIMEZONE\r\n").encode(),
        calendar(UID, more="BEGIN:VALARM\r\nUID:other\r\nATTENDEE:mailto:x\r\nEND:VALARM\r\n").encode(),
    ],
    ids=[
        "a byte order mark", "utf-16", "latin-1", "line feeds", "carriage returns", "folded",
        "other letters", "a name in quotes", "lines that cannot be read", "a time zone", "an alarm",
    ],
)  # fmt: skip
def test_however_it_is_written(content: bytes) -> None:
    assert read_answer(content) == YES


def test_a_charset_that_nobody_knows_or_that_is_a_lie() -> None:
    assert read_answer(calendar(UID).encode(), "klingon") == YES
    assert read_answer(calendar(UID, more="COMMENT:\u00f1\r\n").encode("latin-1"), "utf-8") == YES


def test_without_a_sequence_it_is_the_first() -> None:
    assert read_answer(calendar(UID).replace("SEQUENCE:0\r\n", "").encode()).sequence == 0


def test_a_stamp_that_is_none_ranks_below_all() -> None:
    assert read_answer(calendar(UID, stamp="yesterday").encode()).stamp == ""


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nEND:VCALENDAR\r\n",
        calendar(UID).replace("SEQUENCE:0", "SEQUENCE:-1").encode(),
        calendar(UID).replace("SEQUENCE:0", "SEQUENCE:" + "9" * 5_000).encode(),
        calendar(UID, more="END:VEVENT\r\nBEGIN:VEVENT\r\nUID:another\r\n").encode(),
        calendar(UID, more="ATTENDEE:mailto:x@x.example\r\n" * 100).encode(),
        calendar(UID, more="X-LONG:" + "x" * LONGEST_OBJECT + "\r\n").encode(),
    ],
    ids=["nothing", "no event", "a negative number", "a long number", "two UIDs", "a crowd", "too long"],
)
def test_what_is_no_answer_to_one_invite_is_refused(content: bytes) -> None:
    with pytest.raises(Unreadable):
        read_answer(content)


MINUTELY = (
    "BEGIN:VTIMEZONE\r\nTZID:x\r\nBEGIN:STANDARD\r\nDTSTART:00010101T000000\r\nTZOFFSETFROM:+0000\r\n"
    "TZOFFSETTO:+0100\r\nRRULE:FREQ=MINUTELY\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
)


@pytest.mark.parametrize(
    "content",
    [
        calendar(UID, before=MINUTELY).replace("DTSTART:", "DTSTART;TZID=x:").encode(),
        calendar(UID, more="RRULE:FREQ=SECONDLY\r\nRDATE:" + "20261201T130000Z," * 3_000 + "\r\n").encode(),
        calendar(UID, before="BEGIN:X\r\n" * 7_000).encode(),
        calendar(UID, more="A" + ";B=" * 20_000 + "\r\n").encode(),
        calendar(UID, more='A;B="' + '","' * 20_000 + "\r\n").encode(),
        calendar(UID, more="A" * 60_000 + "\r\n").encode(),
        calendar(UID, more="\r\n " * 20_000 + "\r\n").encode(),
    ],
    ids=["every minute", "every second", "a depth", "parameters", "quotes", "a long line", "folds"],
)
def test_nothing_that_is_in_it_takes_time(content: bytes) -> None:
    began = process_time()
    with suppress(Unreadable):
        read_answer(content)
    assert process_time() - began < 2


@given(st.text(max_size=200) | st.text(alphabet='BEGINVCALDTS:;,="\r\n ^\\U0', max_size=200))
def test_nothing_else_happens_whatever_comes(noise: str) -> None:
    for content in (noise.encode("utf-8", "replace"), calendar(UID, more=noise).encode("utf-8", "replace")):
        with suppress(Unreadable):
            read_answer(content)
