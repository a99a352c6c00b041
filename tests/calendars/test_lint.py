"""The lint finds each fault that the readers let pass."""

import re
from dataclasses import replace

import pytest

from scheduler.calendars.invite import Method, as_file, invite
from scheduler.calendars.lint import BrokenEntry, checked, faults
from tests.calendars.cast import VIDEO

FAULTS = {
    "a wrong answer of the patient's": (b"PARTSTAT=NEEDS-ACTION", b"PARTSTAT=ACCEPTED"),
    "no request for an answer": (b";RSVP=TRUE", b""),
    "a time zone": (b"DTSTART:20261203T193000Z", b"DTSTART;TZID=America/Chicago:20261203T133000"),
    "a floating time": (b"DTSTART:20261203T193000Z", b"DTSTART:20261203T193000"),
    "a date": (b"DTSTART:20261203T193000Z", b"DTSTART;VALUE=DATE:20261203"),
    "an alarm": (
        b"END:VEVENT",
        b"BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT1H\r\nEND:VALARM\r\nEND:VEVENT",
    ),
    "a bare line feed": (b"CLASS:PRIVATE\r\n", b"CLASS:PRIVATE\n"),
    "a bare carriage return": (b"CLASS:PRIVATE\r\n", b"CLASS:PRIVATE\r"),
    "a long line": (b"SUMMARY:", b"SUMMARY:" + b"x" * 80),
    "an unescaped semicolon": (b"SUMMARY:", b"SUMMARY:a;b"),
    "an unescaped comma": (b"SUMMARY:", b"SUMMARY:a\\\\,b"),
    "a wrong escape": (b"SUMMARY:", b"SUMMARY:a\\xb"),
    "a control character": (b"SUMMARY:", b"SUMMARY:\x07"),
    "a character cut in two": (b"SUMMARY:", "SUMMARY:ñ".encode().replace(b"\xb1", b"\r\n \xb1")),
    "an organizer who is no mailbox": (b":mailto:visits@", b":visits@"),
    "a patient who is no mailbox": (b":mailto:maria@", b":maria@"),
    "another method": (b"METHOD:REQUEST", b"METHOD:PUBLISH"),
    "an unknown method": (b"METHOD:REQUEST", b"METHOD:PLEASE"),
    "no method": (b"METHOD:REQUEST\r\n", b""),
    "a cancelled request": (b"STATUS:CONFIRMED", b"STATUS:CANCELLED"),
    "no status": (b"STATUS:CONFIRMED\r\n", b""),
    "a visit that blocks no time": (b"TRANSP:OPAQUE", b"TRANSP:TRANSPARENT"),
    "a visit that all may see": (b"CLASS:PRIVATE", b"CLASS:PUBLIC"),
    "a name for the calendar": (b"METHOD:REQUEST\r\n", b"METHOD:REQUEST\r\nX-WR-CALNAME:Visits\r\n"),
    "a second form of the text": (b"CLASS:PRIVATE\r\n", b"CLASS:PRIVATE\r\nX-ALT-DESC:x\r\n"),
    "a colour": (b"CLASS:PRIVATE\r\n", b"CLASS:PRIVATE\r\nCOLOR:red\r\n"),
    "two stamps": (b"CLASS:PRIVATE\r\n", b"CLASS:PRIVATE\r\nDTSTAMP:20261120T150200Z\r\n"),
    "a UID that speaks": (b"UID:0d9ac3b5", b"UID:visit-7"),
    "a negative sequence": (b"SEQUENCE:0", b"SEQUENCE:-1"),
    "no last line end": (b"END:VCALENDAR\r\n", b"END:VCALENDAR"),
    "a summary that says nothing": (b"SUMMARY:Video visit with Dr. Lee", b"SUMMARY:"),
    "two events": (b"END:VEVENT\r\n", b"END:VEVENT\r\nBEGIN:VEVENT\r\nEND:VEVENT\r\n"),
    "an end before the start": (b"DTEND:20261203T200000Z", b"DTEND:20261203T180000Z"),
    "features as one value": (b"FEATURE=AUDIO,VIDEO", b'FEATURE="AUDIO,VIDEO;"'),
    "a link that the text does not hold": (b":https://visits", b":https://rooms"),
    "another name of the patient's": (b"ATTENDEE;CN=maria@patients.example", b"ATTENDEE;CN=Maria"),
    "two patients": (b"CLASS:PRIVATE\r\n", b"CLASS:PRIVATE\r\nATTENDEE:mailto:pat@patients.example\r\n"),
    "a link that is no page": (b"VALUE=URI:https:", b"VALUE=URI:javascript:"),
    "no content line": (b"CLASS:PRIVATE", b"CLASS PRIVATE"),
}


@pytest.mark.parametrize(("right", "wrong"), FAULTS.values(), ids=FAULTS.keys())
def test_each_planted_fault_is_found(right: bytes, wrong: bytes) -> None:
    good = invite(VIDEO)
    unfolded = good.replace(b"\r\n ", b"") if right not in good else good
    assert right in unfolded
    kept = [each for each in faults(unfolded) if "octets" in each]
    assert [each for each in faults(unfolded.replace(right, wrong, 1)) if each not in kept]


def test_a_cancel_asks_for_no_answer() -> None:
    cancel = invite(VIDEO, Method.CANCEL)
    assert faults(cancel, method="CANCEL") == []
    asking = cancel.replace(b"ROLE=REQ-PARTICIPANT", b"ROLE=REQ-PARTICIPANT;RSVP=TRUE")
    assert "the attendee's RSVP is wrong" in faults(asking, method="CANCEL")
    assert "another METHOD" in faults(cancel)


def test_what_is_wrong_is_said_without_the_words_of_the_object() -> None:
    secret = invite(VIDEO).replace(b"CLASS:PRIVATE", b"DOE-JANE:sciatica\r\nDoe, Jane\r\nCLASS:Jane")
    with pytest.raises(BrokenEntry) as refused:
        checked(secret, "REQUEST")
    assert not re.search("jane|doe|sciatica", str(refused.value), re.IGNORECASE)


def test_what_is_in_order_leaves_as_it_is() -> None:
    content = invite(VIDEO)
    assert checked(content, "REQUEST") is content


@pytest.mark.parametrize("method", Method)
def test_a_file_that_somebody_takes_themselves_asks_nothing_of_their_calendar(method: Method) -> None:
    file = as_file(invite(VIDEO, method), method)
    assert faults(file, None) == []
    assert "other properties before the event" in faults(file, method)
    assert "other properties before the event" in faults(invite(VIDEO, method), None)


def test_whoever_has_no_mail_address_gets_a_file_that_names_nobody() -> None:
    file = as_file(invite(replace(VIDEO, attendee=None)), Method.REQUEST)
    assert faults(file, None) == []
    assert b"ATTENDEE" not in file
    assert b"ORGANIZER" not in file
    assert "not one ORGANIZER and one ATTENDEE" in faults(invite(replace(VIDEO, attendee=None)))


@pytest.mark.parametrize("address", ["o'neil", "a^b", "a+b&c=d/e?f{g|h}i~j`k#l%m", "jörg"])
def test_an_address_that_looks_odd_is_no_fault(address: str) -> None:
    assert faults(invite(replace(VIDEO, attendee=f"{address}@patients.example"))) == []
