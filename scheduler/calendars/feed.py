"""Visits as a calendar that others subscribe to: equal facts give equal bytes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from icalendar import Calendar, vText
from icalendar.parser import Contentline

from scheduler.calendars.contentlines import LONGEST_LINE
from scheduler.calendars.invite import PRODUCT
from scheduler.calendars.text import one_line

FORM = 1
"""Grows whenever the same facts are written otherwise: calendars then ask for everything anew."""

AGAIN = timedelta(minutes=15)
"""How often subscribers are asked to look; most have their own mind."""

_LINE_END = b"\r\n"
_END = b"END:VCALENDAR" + _LINE_END


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """All instants are aware."""

    uid: UUID
    sequence: int
    status: str
    """TENTATIVE, CONFIRMED or CANCELLED; a cancelled one takes nobody's time."""
    starts_at: datetime
    ends_at: datetime
    created_at: datetime
    modified_at: datetime
    summary: str
    location: str = ""
    link: str = ""
    """For those who may open it: the visit's page."""


def feed(label: str, events: Iterable[bytes]) -> bytes:
    """The calendar of events as `event` writes them.

    Without a UID of its own, which RFC 7986 allows: vdirsyncer takes that for the one of each event.
    """
    calendar = Calendar()
    calendar.add("VERSION", "2.0")
    calendar.add("PRODID", PRODUCT)
    calendar.add("CALSCALE", "GREGORIAN")
    name = vText(one_line(label))  # the library takes NAME for a property whose type it does not know
    calendar.add("NAME", name)
    calendar.add("X-WR-CALNAME", name)  # for those who do not know NAME
    calendar.add("REFRESH-INTERVAL", AGAIN, parameters={"VALUE": "DURATION"})
    calendar.add("X-PUBLISHED-TTL", "PT15M")
    head: bytes = calendar.to_ical().removesuffix(_END)
    return b"".join((head, *events, _END))


def event(facts: FeedEvent) -> bytes:
    """One visit. The library escapes and folds; its own writing of an event takes ten times as long."""
    cancelled = facts.status == "CANCELLED"
    lines = [
        "BEGIN:VEVENT",
        f"UID:{facts.uid}",
        f"DTSTAMP:{_instant(facts.modified_at)}",
        f"DTSTART:{_instant(facts.starts_at)}",
        f"DTEND:{_instant(facts.ends_at)}",
        f"CREATED:{_instant(facts.created_at)}",
        f"LAST-MODIFIED:{_instant(facts.modified_at)}",
        f"SEQUENCE:{facts.sequence}",
        f"STATUS:{facts.status}",
        f"TRANSP:{'TRANSPARENT' if cancelled else 'OPAQUE'}",
        "CLASS:PRIVATE",
        f"SUMMARY:{_text(facts.summary)}",
        *([f"LOCATION:{_text(facts.location)}"] if facts.location else []),
        # Not every calendar shows a URL.
        *([f"DESCRIPTION:{_text(facts.link)}", f"URL:{facts.link}"] if facts.link else []),
        "END:VEVENT",
    ]
    return b"".join(_folded(line) + _LINE_END for line in lines)


def _folded(line: str) -> bytes:
    """The library looks at each character, so it is asked where there is something to fold only."""
    written = line.encode()
    if len(written) > LONGEST_LINE:
        written = Contentline(line).to_ical()  # type: ignore[no-untyped-call]
    return written


def _instant(value: datetime) -> str:
    """In UTC, so that no reader has to understand a VTIMEZONE."""
    return f"{value.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(value: str) -> str:
    return vText(one_line(value)).to_ical().decode()
