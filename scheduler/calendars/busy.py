"""When somebody is busy, by a calendar that somebody else keeps: times alone, nothing of what they do.

Whoever keeps it may mean no good: a rule of 40 bytes makes a million events, and a zone that repeats each
minute keeps the library busy for longer than anybody waits. So this is run by `busy_child.py` only, in a
process of its own that can be ended.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar, Event

from scheduler.domain.busy import Span, Stretch

MOST = 20_000
"""Stretches; somebody who has more of them is a mistake."""
FREE_IN_OUTLOOK = "FREE"


class Unreadable(Exception):
    """It is no calendar, or none that anybody could mean; the message is a code."""


@dataclass(frozen=True, slots=True)
class Busy:
    stretches: list[Stretch]
    complete: bool
    """Whether all events could be read."""


def busy(content: bytes, span: Span) -> Busy:
    """Raises Unreadable."""
    try:
        calendars = Calendar.from_ical(content, multiple=True)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError):
        raise Unreadable("not-a-calendar") from None
    if not calendars or not all(isinstance(each, Calendar) for each in calendars):
        raise Unreadable("not-a-calendar")
    found: list[Stretch] = []
    complete = True
    for calendar in calendars:
        complete &= not any(each.errors or "DTSTART" not in each for each in calendar.walk("VEVENT"))
        events, whole = _events(calendar, span)
        complete &= whole
        found += [*filter(None, (_stretch(each, span) for each in events)), *_declared(calendar, span)]
        if len(found) > MOST:
            raise Unreadable("too-many")
    return Busy(sorted(found), complete)


def _events(calendar: Calendar, span: Span) -> tuple[Iterable[Event], bool]:
    """Each event as often as it takes place; and whether none had to be left out."""
    calendar.subcomponents = [
        each for each in calendar.subcomponents if each.name != "VEVENT" or "DTSTART" in each
    ]
    try:
        return recurring_ical_events.of(calendar).between(span.start, span.end), True
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError):
        pass  # one of them has no sense
    try:
        those = recurring_ical_events.of(calendar, skip_bad_series=True)
        return those.between(span.start, span.end), False
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError):
        raise Unreadable("not-a-calendar") from None


def _stretch(event: Event, span: Span) -> Stretch | None:
    """None for what takes nobody's time."""
    if str(event.get("STATUS", "")).upper() == "CANCELLED" or _is_free(event):
        return None
    start, end = _instant(event.start, span.zone), _instant(event.end, span.zone)
    return _cut(Stretch(start, end, str(event.get("UID", ""))), span)


def _is_free(event: Event) -> bool:
    shown = str(event.get("X-MICROSOFT-CDO-BUSYSTATUS", "")).upper()
    return str(event.get("TRANSP", "")).upper() == "TRANSPARENT" or shown == FREE_IN_OUTLOOK


def _declared(calendar: Calendar, span: Span) -> Iterator[Stretch]:
    """What calendars say that show when somebody is busy, and no events."""
    for block in calendar.walk("VFREEBUSY"):
        entries = block.get("FREEBUSY", [])
        for entry in entries if isinstance(entries, list) else [entries]:
            if str(entry.params.get("FBTYPE", "BUSY")).upper() == "FREE":
                continue
            start, end = _instant(entry.start, span.zone), _instant(entry.end, span.zone)
            if stretch := _cut(Stretch(start, end, ""), span):
                yield stretch


def _instant(value: datetime | date, zone: ZoneInfo) -> datetime:
    """A date begins at midnight, and a time that names no zone is meant, where the practitioner is."""
    if not isinstance(value, datetime):
        value = datetime.combine(value, time())
    return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)


def _cut(stretch: Stretch, span: Span) -> Stretch | None:
    start, end = max(stretch.start, span.start), min(stretch.end, span.end)
    return stretch._replace(start=start, end=end) if start < end else None
