"""One visit as the calendar object that is mailed to one recipient: equal facts give equal bytes."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from urllib.parse import quote
from uuid import UUID

from icalendar import Calendar, Event, vCalAddress, vUri

from scheduler.calendars.text import lines, one_line
from scheduler.domain.clinic import Sender

PRODUCT = "-//Visit Scheduler//Visits//EN"

_UNRESERVED = "@!$'*+"
"""What RFC 6068 lets stand in the address of a `mailto:`, beside letters, digits and `-._~`."""


class Method(StrEnum):
    """What the calendar that gets an object is to do with it."""

    REQUEST = "REQUEST"
    """Enter it, or enter it anew."""
    CANCEL = "CANCEL"
    """Take it away."""


@dataclass(frozen=True, slots=True)
class InviteFacts:
    """All instants are aware."""

    uid: UUID
    sequence: int
    tentative: bool
    """Staff still have to approve the visit; a CANCEL says nothing of it."""
    starts_at: datetime
    ends_at: datetime
    created_at: datetime
    modified_at: datetime
    made_at: datetime
    """When this message was made: the same on each retry of it, another for each message."""
    organizer: Sender
    attendee: str | None
    """The mail address of the one recipient; without one the entry is nobody's to answer."""
    summary: str
    description: str
    """Of a telemedicine visit it holds the join link too: not every calendar shows a CONFERENCE."""
    location: str
    geo: tuple[float, float] | None = None
    """Latitude and longitude in degrees."""
    join_link: str | None = None
    """The gate of a telemedicine visit."""
    join_label: str = ""


def invite(facts: InviteFacts, method: Method = Method.REQUEST) -> bytes:
    """A REQUEST for a new, approved or changed visit, a CANCEL for one that does not take place.

    Nobody is asked to answer a CANCEL.
    """
    calendar = Calendar()
    calendar.add("VERSION", "2.0")
    calendar.add("PRODID", PRODUCT)
    calendar.add("CALSCALE", "GREGORIAN")
    calendar.add("METHOD", method)
    calendar.add_component(_event(facts, method))
    written: bytes = calendar.to_ical()
    return written


def as_file(content: bytes, method: Method) -> bytes:
    """The same object for somebody who takes it themselves: nothing is asked of their calendar."""
    return content.replace(f"METHOD:{method}\r\n".encode(), b"", 1)


def _event(facts: InviteFacts, method: Method) -> Event:
    event = Event()
    event.add("UID", str(facts.uid))
    event.add("SEQUENCE", facts.sequence)
    event.add("STATUS", _status(facts, method))
    event.add("TRANSP", "OPAQUE")
    event.add("CLASS", "PRIVATE")
    _add_instants(event, facts)
    if facts.attendee is not None:
        event.add("ORGANIZER", _organizer(facts.organizer))
        event.add("ATTENDEE", _attendee(facts.attendee, method))
    _add_texts(event, facts)
    return event


def _status(facts: InviteFacts, method: Method) -> str:
    if method is Method.CANCEL:
        return "CANCELLED"
    return "TENTATIVE" if facts.tentative else "CONFIRMED"


def _add_instants(event: Event, facts: InviteFacts) -> None:
    """In UTC, so that no reader has to understand a VTIMEZONE."""
    event.add("DTSTAMP", facts.made_at.astimezone(UTC))
    event.add("DTSTART", facts.starts_at.astimezone(UTC))
    event.add("DTEND", facts.ends_at.astimezone(UTC))
    event.add("CREATED", facts.created_at.astimezone(UTC))
    event.add("LAST-MODIFIED", facts.modified_at.astimezone(UTC))


def _add_texts(event: Event, facts: InviteFacts) -> None:
    event.add("SUMMARY", one_line(facts.summary))
    event.add("DESCRIPTION", lines(facts.description))
    if location := one_line(facts.location):
        event.add("LOCATION", location)
    if facts.geo is not None:
        event.add("GEO", facts.geo)
    if facts.join_link is not None:
        event.add("CONFERENCE", _conference(facts.join_link, facts.join_label))


def _organizer(sender: Sender) -> vCalAddress:
    return vCalAddress(_mailto(sender.email), params={"CN": one_line(sender.name)})


def _attendee(address: str, method: Method) -> vCalAddress:
    params = {
        "CN": one_line(address),
        "CUTYPE": "INDIVIDUAL",
        "ROLE": "REQ-PARTICIPANT",
        "PARTSTAT": "NEEDS-ACTION",
    }
    if method is Method.REQUEST:
        params["RSVP"] = "TRUE"
    return vCalAddress(_mailto(address), params=params)


def _conference(link: str, label: str) -> vUri:
    """Not the library's `Conference`: it joins the features into one value."""
    if not (link.isascii() and link.isprintable()) or " " in link:
        raise ValueError("a join link holds a character that no URI may hold")
    return vUri(link, params={"VALUE": "URI", "FEATURE": ["AUDIO", "VIDEO"], "LABEL": one_line(label)})


def _mailto(address: str) -> str:
    return f"mailto:{quote(address, safe=_UNRESERVED)}"
