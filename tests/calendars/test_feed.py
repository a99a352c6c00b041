"""Feeds as bytes: what stands in them, and that it is always the same."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
import vobject

from scheduler.calendars.feed import FeedEvent, event, feed
from tests.calendars.cast import HOSTILE
from tests.calendars.feed_lint import feed_faults

PLAIN = FeedEvent(
    uid=UUID("0d9ac3b5-55a4-4f0e-9d9a-2f1f6f6f8a01"),
    sequence=2,
    status="CONFIRMED",
    starts_at=datetime(2026, 12, 3, 19, 30, tzinfo=UTC),
    ends_at=datetime(2026, 12, 3, 20, 0, tzinfo=UTC),
    created_at=datetime(2026, 11, 20, 15, 0, tzinfo=UTC),
    modified_at=datetime(2026, 11, 21, 9, 1, tzinfo=UTC),
    summary="Busy",
)
FULL = replace(
    PLAIN,
    uid=UUID("0d9ac3b5-55a4-4f0e-9d9a-2f1f6f6f8a02"),
    status="TENTATIVE",
    summary="Visit K7QM-2XWP, Dr. Lee",
    location="Main office, 100 Main Street, Suite 2; Beaumont, TX 77701",
    link="https://visits.clinic.example/staff/visits/0d9ac3b5-55a4-4f0e-9d9a-2f1f6f6f8a01",
)
GONE = replace(FULL, uid=UUID("0d9ac3b5-55a4-4f0e-9d9a-2f1f6f6f8a03"), status="CANCELLED")


def of(*events: FeedEvent, label: str = "Dr. Lee") -> bytes:
    return feed(label, map(event, events))


def test_a_feed_asks_nobody_for_anything_and_names_nobody() -> None:
    content = of(PLAIN, FULL, GONE)
    assert feed_faults(content) == []
    for word in (b"METHOD", b"ATTENDEE", b"ORGANIZER", b"VALARM", b"VTIMEZONE"):
        assert word not in content


def test_equal_facts_are_equal_bytes_from_one_release_to_the_next() -> None:
    """Whoever has to change this digest makes FORM grow, so that tags of old bytes fit no new ones."""
    digest = hashlib.sha256(of(PLAIN, FULL, GONE)).hexdigest()
    assert digest == "ac829c9a674213488606c9a2620bbebce4e04b6740bb40add363197bcf9f09de"


def test_another_reader_finds_each_visit_as_it_is() -> None:
    calendar = vobject.readOne(of(PLAIN, FULL, GONE).decode())
    plain, full, gone = calendar.vevent_list
    assert plain.dtstart.value == PLAIN.starts_at
    assert plain.dtend.value == PLAIN.ends_at
    assert (plain.summary.value, plain.transp.value) == ("Busy", "OPAQUE")
    assert (full.summary.value, full.location.value) == (FULL.summary, FULL.location)
    assert full.url.value == full.description.value == FULL.link
    assert (gone.status.value, gone.transp.value) == ("CANCELLED", "TRANSPARENT")
    assert calendar.contents["name"][0].value == "Dr. Lee"


def test_a_feed_without_visits_is_a_calendar_too() -> None:
    assert feed_faults(of()) == []
    assert vobject.readOne(of().decode()).contents["name"][0].value == "Dr. Lee"


@pytest.mark.parametrize("text", HOSTILE)
def test_texts_that_would_be_more_than_text_stay_one_text(text: str) -> None:
    content = of(replace(PLAIN, summary=text, location=text), label=text)
    assert feed_faults(content) == []
    assert len(vobject.readOne(content.decode()).vevent_list) == 1


FAULTS = {
    "a method": (b"VERSION:2.0\r\n", b"VERSION:2.0\r\nMETHOD:PUBLISH\r\n"),
    "another version": (b"VERSION:2.0", b"VERSION:1.0"),
    "no name": (b"NAME:Dr. Lee\r\n", b""),
    "a UID of the calendar": (b"VERSION:2.0\r\n", b"VERSION:2.0\r\nUID:x\r\n"),
    "an interval that is a text": (b"REFRESH-INTERVAL;VALUE=DURATION", b"REFRESH-INTERVAL"),
    "a patient": (b"CLASS:PRIVATE\r\n", b"CLASS:PRIVATE\r\nATTENDEE:mailto:pat@patients.example\r\n"),
    "an event that all may see": (b"CLASS:PRIVATE", b"CLASS:PUBLIC"),
    "a time zone": (b"DTSTART:20261203T193000Z", b"DTSTART;TZID=America/Chicago:20261203T133000"),
    "a floating time": (b"DTEND:20261203T200000Z", b"DTEND:20261203T200000"),
    "a stamp of now": (b"DTSTAMP:20261121T090100Z", b"DTSTAMP:20261201T120000Z"),
    "a busy visit that takes no time": (b"TRANSP:OPAQUE", b"TRANSP:TRANSPARENT"),
    "an unknown status": (b"STATUS:CONFIRMED", b"STATUS:MAYBE"),
    "no sequence": (b"SEQUENCE:2\r\n", b""),
    "a word as sequence": (b"SEQUENCE:2", b"SEQUENCE:two"),
    "an end before the start": (b"DTEND:20261203T200000Z", b"DTEND:20261203T180000Z"),
    "a UID that speaks": (b"UID:0d9ac3b5", b"UID:visit-7"),
    "the same visit twice": (b"8a01", b"8a02"),
    "two places": (b"SUMMARY:Busy\r\n", b"SUMMARY:Busy\r\nLOCATION:a\r\nLOCATION:b\r\n"),
    "an alarm": (b"SUMMARY:Busy\r\n", b"SUMMARY:Busy\r\nBEGIN:VALARM\r\nEND:VALARM\r\n"),
    "a summary that says nothing": (b"SUMMARY:Busy", b"SUMMARY:"),
    "an unescaped comma": (b"SUMMARY:Busy", b"SUMMARY:Busy, he is"),
    "a bare line feed": (b"SUMMARY:Busy\r\n", b"SUMMARY:Busy\n"),
    "a long line": (b"SUMMARY:Busy", b"SUMMARY:" + b"x" * 80),
    "no content line": (b"CLASS:PRIVATE", b"CLASS PRIVATE"),
}


@pytest.mark.parametrize(("right", "wrong"), FAULTS.values(), ids=FAULTS.keys())
def test_each_planted_fault_is_found(right: bytes, wrong: bytes) -> None:
    good = of(PLAIN, FULL, GONE)
    assert right in good
    assert feed_faults(good.replace(right, wrong, 1))
