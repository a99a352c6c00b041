"""Faults of a calendar to subscribe to, as the lint of invites finds them: by its lines alone."""

from collections import Counter
from collections.abc import Iterator

from scheduler.calendars.contentlines import Line, parse, unfolded
from scheduler.calendars.lint import INSTANTS, TEXTS, byte_faults, instant_faults, state_faults, text_faults

_CALENDAR = {
    "VERSION",
    "PRODID",
    "CALSCALE",
    "NAME",
    "X-WR-CALNAME",
    "REFRESH-INTERVAL",
    "X-PUBLISHED-TTL",
}
"""No METHOD: nobody is asked for anything. No UID: some take it for that of each event."""
_ONCE = INSTANTS | {"UID", "SEQUENCE", "STATUS", "SUMMARY", "CLASS", "TRANSP"}
_ONCE_AT_MOST = {"DESCRIPTION", "LOCATION", "URL"}
_STATUSES = {"CONFIRMED": "OPAQUE", "TENTATIVE": "OPAQUE", "CANCELLED": "TRANSPARENT"}
"""What each means for the practitioner's time."""


def feed_faults(content: bytes) -> list[str]:
    """All that is wrong with it; empty when nothing is."""
    found = list(byte_faults(content))
    try:
        lines = [parse(line) for line in unfolded(content)]
    except ValueError as error:
        return [*found, str(error)]
    head, events = _parts(lines)
    found += _head(head)
    for event in events:
        found += _event(event)
    uids = Counter(line.value for event in events for line in event if line.name == "UID")
    return [*found, *(f"one UID stands {count} times" for count in uids.values() if count > 1)]


def _parts(lines: list[Line]) -> tuple[list[Line], list[list[Line]]]:
    """What stands in the calendar itself, and in each of its components."""
    head, events = list[Line](), list[list[Line]]()
    inside = False
    for line in lines[1:-1]:
        if (line.name, line.value) == ("BEGIN", "VEVENT"):
            events.append([])
            inside = True
        elif (line.name, line.value) == ("END", "VEVENT"):
            inside = False
        else:
            (events[-1] if inside else head).append(line)
    return head, events


def _head(lines: list[Line]) -> Iterator[str]:
    if Counter(line.name for line in lines) != Counter(_CALENDAR):
        yield "other properties of the calendar"
        return
    head = {line.name: line for line in lines}
    if head["VERSION"].value != "2.0":
        yield "another VERSION"
    if head["REFRESH-INTERVAL"].parameters != {"VALUE": "DURATION"}:
        yield "REFRESH-INTERVAL does not say that it is a duration"
    yield from text_faults(head["NAME"])
    yield from text_faults(head["X-WR-CALNAME"])


def _event(lines: list[Line]) -> Iterator[str]:
    counts = Counter(line.name for line in lines)
    yield from (f"{name} stands {counts[name]} times" for name in sorted(_ONCE) if counts[name] != 1)
    yield from (f"{name} stands {counts[name]} times" for name in sorted(_ONCE_AT_MOST) if counts[name] > 1)
    if counts.keys() - _ONCE - _ONCE_AT_MOST:
        yield "a property that has no place in a feed"
    for line in lines:
        yield from instant_faults(line) if line.name in INSTANTS else ()
        yield from text_faults(line) if line.name in TEXTS else ()
    yield from _states({line.name: line.value for line in lines})


def _states(values: dict[str, str]) -> Iterator[str]:
    if values.get("TRANSP") != _STATUSES.get(values.get("STATUS", ""), ""):
        yield "TRANSP does not fit the STATUS"
    if values.get("CLASS") != "PRIVATE":
        yield "not private"
    if values.get("DTSTAMP") != values.get("LAST-MODIFIED"):
        yield "DTSTAMP is not LAST-MODIFIED"
    yield from state_faults(values)
