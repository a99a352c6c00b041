"""The invites that the tests look at."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from scheduler.calendars.invite import InviteFacts
from scheduler.domain.clinic import Sender

LINK = "https://visits.clinic.example/v/9f8e7d6c5b4a3f2e1d0c9b/join"

IN_PERSON = InviteFacts(
    uid=UUID("0d9ac3b5-55a4-4f0e-9d9a-2f1f6f6f8a01"),
    sequence=0,
    tentative=False,
    starts_at=datetime(2026, 12, 3, 19, 30, tzinfo=UTC),
    ends_at=datetime(2026, 12, 3, 20, 0, tzinfo=UTC),
    created_at=datetime(2026, 11, 20, 15, 0, tzinfo=UTC),
    modified_at=datetime(2026, 11, 20, 15, 1, tzinfo=UTC),
    made_at=datetime(2026, 11, 20, 15, 2, tzinfo=UTC),
    organizer=Sender("Example Spine Clinic", "visits@clinic.example"),
    attendee="maria@patients.example",
    summary="Appointment with Dr. Lee",
    description="Thursday, December 3, 2026, 1:30 PM Central time\n\nTo change, call (409) 555-0100.",
    location="100 Main Street, Suite 2; Beaumont, TX 77701",
    geo=(30.0802, -94.1266),
)
VIDEO = replace(
    IN_PERSON,
    summary="Video visit with Dr. Lee",
    description=f"Thursday, December 3, 2026, 1:30 PM Central time\n\nJoin the video visit:\n{LINK}",
    location="Video visit",
    geo=None,
    join_link=LINK,
    join_label="Join the video visit",
)

HOSTILE = [
    "a;b,c\\d\\nE",
    'quotes "here" and ^carets^ and : colons',
    "BEGIN:VALARM\r\nTRIGGER:-PT1M\r\nEND:VALARM",
    "bell\x07 nul\x00 escape\x1b[31m delete\x7f",
    "next\x85line separator\u2028paragraph\u2029group\x1dend",
    "trailing backslash\\",
    "ñ" * 74 + "é" * 75,
    "👩‍⚕️" * 40,
    "שלום עולם \u202eabc",
    "tab\tand  two spaces",
    "%0D%0A=\n;,:",
    "e\u0301" * 60,
    "x" * 4000,
]


def with_texts(text: str) -> InviteFacts:
    """A video visit in which `text` stands wherever a text may stand."""
    return replace(
        VIDEO,
        summary=text,
        location=text,
        description=f"{text}\n{LINK}",
        join_label=text,
        organizer=Sender(text, "visits@clinic.example"),
    )


def fifty_zones() -> list[str]:
    """Every eleventh of the world's zones, and those whose rules trip readers."""
    known = sorted(each for each in available_timezones() if each.count("/") == 1 and each[:3] != "Etc")
    chosen = {
        "America/Chicago",
        "America/Phoenix",
        "America/St_Johns",
        "America/Vancouver",
        "Africa/Casablanca",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "Europe/Dublin",
        "Pacific/Apia",
        "Pacific/Kiritimati",
    }
    others = [each for each in known if each not in chosen]
    return sorted(chosen) + others[:: len(others) // 40][:40]


def in_both_seasons() -> list[tuple[str, InviteFacts]]:
    """The same wall clock, 14:30, in fifty zones, in January and in July of 2027."""
    return [
        (f"{zone} {month}", _at(datetime(2027, month, 15, 14, 30, tzinfo=ZoneInfo(zone))))
        for zone in fifty_zones()
        for month in (1, 7)
    ]


def _at(local: datetime) -> InviteFacts:
    begins = local.astimezone(UTC)
    return replace(VIDEO, starts_at=begins, ends_at=begins + timedelta(minutes=30))
