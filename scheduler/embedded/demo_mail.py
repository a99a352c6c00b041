"""The invite out of a raw mail, as a patient's calendar would read it."""

import email
import email.policy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from icalendar import Calendar


@dataclass(frozen=True, slots=True)
class Invite:
    subject: str
    uid: str
    start: datetime
    end: datetime
    sequence: int


def read_invite(raw: bytes) -> Invite | None:
    """None where the mail has no calendar part with an event."""
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    for part in mail.walk():
        if part.get_content_type() == "text/calendar":
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            calendar: Any = Calendar.from_ical(content)
            for event in calendar.walk("VEVENT"):
                return _invite(str(mail["Subject"]), event)
    return None


def _invite(subject: str, event: Any) -> Invite:  # noqa: ANN401  the library's items are untyped
    return Invite(
        subject=subject,
        uid=str(event["UID"]),
        start=event.decoded("DTSTART"),
        end=event.decoded("DTEND"),
        sequence=int(event.get("SEQUENCE", 0)),
    )
