"""The lint finds each fault that the readers let pass."""

import pytest

from scheduler.calendars.invite import Method, invite
from tests.calendars.cast import VIDEO
from tests.calendars.lint import faults

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
    "two events": (b"END:VEVENT\r\n", b"END:VEVENT\r\nBEGIN:VEVENT\r\nEND:VEVENT\r\n"),
    "an end before the start": (b"DTEND:20261203T200000Z", b"DTEND:20261203T180000Z"),
    "features as one value": (b"FEATURE=AUDIO,VIDEO", b'FEATURE="AUDIO,VIDEO;"'),
    "a link that the text does not hold": (b":https://visits", b":https://rooms"),
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
    assert "RSVP is TRUE" in faults(asking, method="CANCEL")
    assert "METHOD is CANCEL" in faults(cancel)
