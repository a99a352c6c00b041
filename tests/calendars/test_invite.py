from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import vobject
from hypothesis import given
from hypothesis import strategies as st

from scheduler.calendars.invite import InviteFacts, Method, invite
from scheduler.calendars.lint import event_of, faults
from scheduler.calendars.text import lines, one_line
from scheduler.domain.clinic import Sender
from tests.calendars.cast import HOSTILE, IN_PERSON, LINK, VIDEO, in_both_seasons, with_texts


@pytest.mark.parametrize("facts", [VIDEO, IN_PERSON, replace(VIDEO, tentative=True, sequence=7)])
def test_an_invite_has_no_fault(facts: InviteFacts) -> None:
    assert faults(invite(facts)) == []


def test_equal_facts_give_equal_bytes_and_a_new_message_a_new_stamp_only() -> None:
    assert invite(VIDEO) == invite(replace(VIDEO))
    later = invite(replace(VIDEO, made_at=VIDEO.made_at + timedelta(minutes=5)))
    assert later == invite(VIDEO).replace(b"DTSTAMP:20261120T150200Z", b"DTSTAMP:20261120T150700Z")


def test_an_invite_of_a_video_visit_reads_like_this() -> None:
    assert invite(VIDEO).decode().split("\r\n") == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Visit Scheduler//Visits//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:REQUEST",
        "BEGIN:VEVENT",
        "SUMMARY:Video visit with Dr. Lee",
        "DTSTART:20261203T193000Z",
        "DTEND:20261203T200000Z",
        "DTSTAMP:20261120T150200Z",
        "UID:0d9ac3b5-55a4-4f0e-9d9a-2f1f6f6f8a01",
        "SEQUENCE:0",
        "ATTENDEE;CN=maria@patients.example;CUTYPE=INDIVIDUAL;PARTSTAT=NEEDS-ACTION",
        " ;ROLE=REQ-PARTICIPANT;RSVP=TRUE:mailto:maria@patients.example",
        "CLASS:PRIVATE",
        "CONFERENCE;FEATURE=AUDIO,VIDEO;LABEL=Join the video visit;VALUE=URI:https:",
        " //visits.clinic.example/v/9f8e7d6c5b4a3f2e1d0c9b/join",
        "CREATED:20261120T150000Z",
        "DESCRIPTION:Thursday\\, December 3\\, 2026\\, 1:30 PM Central time\\n\\nJoin th",
        " e video visit:\\nhttps://visits.clinic.example/v/9f8e7d6c5b4a3f2e1d0c9b/joi",
        " n",
        "LAST-MODIFIED:20261120T150100Z",
        "LOCATION:Video visit",
        'ORGANIZER;CN="Example Spine Clinic":mailto:visits@clinic.example',
        "STATUS:CONFIRMED",
        "TRANSP:OPAQUE",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]


def test_a_visit_in_person_says_where_and_carries_no_link() -> None:
    entry = event_of(invite(IN_PERSON))
    assert entry["LOCATION"].text == "100 Main Street, Suite 2; Beaumont, TX 77701"
    assert entry["GEO"].value == "30.0802;-94.1266"
    assert "CONFERENCE" not in entry
    assert b"https:" not in invite(IN_PERSON)


def test_a_visit_that_staff_still_have_to_approve_is_tentative() -> None:
    assert event_of(invite(replace(VIDEO, tentative=True)))["STATUS"].value == "TENTATIVE"


def test_a_place_that_is_not_known_is_left_out() -> None:
    assert "LOCATION" not in event_of(invite(replace(IN_PERSON, location="", geo=None)))


@pytest.mark.parametrize("facts", [VIDEO, IN_PERSON, replace(VIDEO, tentative=True, sequence=7)])
def test_a_cancel_has_no_fault_and_names_the_same_entry(facts: InviteFacts) -> None:
    cancel = invite(facts, Method.CANCEL)
    assert faults(cancel, method="CANCEL") == []
    gone, entered = event_of(cancel), event_of(invite(facts))
    assert gone["STATUS"].value == "CANCELLED"
    assert "RSVP" not in gone["ATTENDEE"].parameters
    for name in ("UID", "SEQUENCE", "ORGANIZER", "DTSTART", "DTEND", "SUMMARY"):
        assert gone[name] == entered[name]
    assert gone["ATTENDEE"].value == entered["ATTENDEE"].value


@pytest.mark.parametrize("facts", [VIDEO, IN_PERSON])
def test_a_second_reader_reads_a_cancel(facts: InviteFacts) -> None:
    content = invite(replace(facts, sequence=3), Method.CANCEL)
    assert vobject.readOne(content.decode()).method.value == "CANCEL"
    event = read_back(content)
    assert (event.status.value, event.sequence.value) == ("CANCELLED", "3")
    assert event.uid.value == str(facts.uid)


def test_times_in_any_zone_are_written_in_utc() -> None:
    local = datetime(2026, 12, 3, 13, 30, tzinfo=ZoneInfo("America/Chicago"))
    assert invite(replace(VIDEO, starts_at=local)) == invite(VIDEO)
    assert event_of(invite(replace(VIDEO, starts_at=local)))["DTSTART"].value == "20261203T193000Z"


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("maria+visits@patients.example", "mailto:maria+visits@patients.example"),
        ("o'brien@patients.example", "mailto:o'brien@patients.example"),
        ("50%/off?x@patients.example", "mailto:50%25%2Foff%3Fx@patients.example"),
        ("josé@patients.example", "mailto:jos%C3%A9@patients.example"),
    ],
)
def test_an_address_is_a_uri_that_leads_back_to_it(address: str, written: str) -> None:
    facts = replace(VIDEO, attendee=address)
    assert event_of(invite(facts))["ATTENDEE"].value == written
    assert faults(invite(facts)) == []


@pytest.mark.parametrize(
    "link", ["https://x.example/\r\nATTENDEE:mailto:a@b", "https://x.example/a b", "https://é"]
)
def test_a_link_that_is_none_is_refused(link: str) -> None:
    with pytest.raises(ValueError, match="no URI"):
        invite(replace(VIDEO, join_link=link))


def read_back(content: bytes) -> vobject.base.Component:
    return vobject.readOne(content.decode()).vevent


@pytest.mark.parametrize("text", HOSTILE)
def test_a_second_reader_gets_hostile_texts_back_as_one_text(text: str) -> None:
    content = invite(with_texts(text))
    assert faults(content) == []
    event = read_back(content)
    assert event.summary.value == event.location.value == one_line(text)
    assert event.description.value == lines(f"{text}\n{LINK}")


@given(st.text(max_size=300).filter(one_line), st.text(max_size=300), st.text(max_size=60))
def test_whatever_is_written_is_read_as_one_text(summary: str, description: str, name: str) -> None:
    facts = replace(VIDEO, summary=summary, description=f"{description}\n{LINK}")
    content = invite(replace(facts, organizer=Sender(name or "x", "visits@clinic.example"), join_label=name))
    assert faults(content) == []
    event = read_back(content)
    assert event.summary.value == one_line(summary)
    assert event.description.value == lines(f"{description}\n{LINK}")


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2037, 12, 31), timezones=st.timezones()),  # noqa: DTZ001
    st.integers(5, 240),
    st.integers(0, 2**31 - 1),
    st.uuids(),
)
def test_whenever_it_is_a_second_reader_reads_the_same_instants(
    starts: datetime, minutes: int, sequence: int, uid: UUID
) -> None:
    starts = starts.astimezone(UTC).replace(microsecond=0)
    ends = starts + timedelta(minutes=minutes)
    content = invite(replace(VIDEO, uid=uid, sequence=sequence, starts_at=starts, ends_at=ends))
    assert faults(content) == []
    event = read_back(content)
    assert (event.dtstart.value, event.dtend.value) == (starts, ends)
    assert (event.uid.value, event.sequence.value) == (str(uid), str(sequence))


def test_vobject_reads_the_instants_of_fifty_zones_in_both_seasons() -> None:
    invites = in_both_seasons()
    assert len(invites) == 100
    for name, facts in invites:
        event = read_back(invite(facts))
        assert (event.dtstart.value, event.dtend.value) == (facts.starts_at, facts.ends_at), name
