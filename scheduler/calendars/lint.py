"""What independent readers let pass: faults of an invite that only its bytes show.

It works on lines, with no calendar library, so that it shares no mistake with the one that writes. What it
says of a fault repeats nothing of the object: it is kept with the message's attempts.
"""

import re
from collections import Counter
from collections.abc import Iterator
from urllib.parse import unquote
from uuid import UUID

from scheduler.calendars.contentlines import ESCAPES, LONGEST_LINE, Line, parse, unfolded

_UTC = re.compile(r"\d{8}T\d{6}Z")
_BARE = re.compile(r"(?<!\\)(?:\\\\)*[;,]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

INSTANTS = {"DTSTAMP", "DTSTART", "DTEND", "CREATED", "LAST-MODIFIED"}
TEXTS = {"SUMMARY", "DESCRIPTION", "LOCATION"}
_ONCE = INSTANTS | {"UID", "SEQUENCE", "STATUS", "SUMMARY", "CLASS", "TRANSP"}
_ONCE_AT_MOST = {"DESCRIPTION", "LOCATION", "GEO", "CONFERENCE"}
_PEOPLE = {"ORGANIZER", "ATTENDEE"}
_CALENDAR = ["VERSION", "PRODID", "CALSCALE", "METHOD"]
_ATTENDEE = {"CUTYPE": "INDIVIDUAL", "ROLE": "REQ-PARTICIPANT", "PARTSTAT": "NEEDS-ACTION", "RSVP": "TRUE"}
_STATUSES = {
    "REQUEST": {"CONFIRMED", "TENTATIVE"},
    "CANCEL": {"CANCELLED"},
    None: {"CONFIRMED", "TENTATIVE", "CANCELLED"},
}


class BrokenEntry(ValueError):
    """A calendar object that must not leave: the message says all that is wrong with it."""


def checked(content: bytes, method: str | None) -> bytes:
    """The same bytes. Raises BrokenEntry."""
    if found := faults(content, method):
        raise BrokenEntry("; ".join(found))
    return content


def faults(content: bytes, method: str | None = "REQUEST") -> list[str]:
    """All that is wrong with an invite of one visit to one recipient; empty when nothing is.

    Without a method it is a file that somebody takes themselves.
    """
    found = list(byte_faults(content))
    try:
        lines = [parse(line) for line in unfolded(content)]
    except ValueError as error:
        return [*found, str(error)]
    before, entry = _parts(lines)
    return [*found, *_components(lines), *_frame(before, method), *_entry(entry, method)]


def event_of(content: bytes) -> dict[str, Line]:
    """The properties of the one VEVENT, by name."""
    return {line.name: line for line in _parts([parse(each) for each in unfolded(content)])[1]}


def _parts(lines: list[Line]) -> tuple[list[Line], list[Line]]:
    """What stands before the first inner component, and what stands in the VEVENT."""
    marks = [(line.name, line.value) for line in lines]
    begin = marks.index(("BEGIN", "VEVENT")) if ("BEGIN", "VEVENT") in marks else len(lines)
    end = marks.index(("END", "VEVENT")) if ("END", "VEVENT") in marks else len(lines)
    return lines[1:begin], lines[begin + 1 : end]


def byte_faults(content: bytes) -> Iterator[str]:
    """Of any object of ours, before anybody asks what it says."""
    if content.count(b"\r\n") != content.count(b"\n") or content.count(b"\r\n") != content.count(b"\r"):
        yield "a line feed or carriage return stands alone"
    if not content.endswith(b"\r\n"):
        yield "the last line has no end"
    for line in content.split(b"\r\n"):
        if len(line) > LONGEST_LINE:
            yield f"a line of {len(line)} octets"
        try:
            shown = line.decode()
        except UnicodeDecodeError:
            yield "a line is folded inside a character, or not UTF-8"
        else:
            if _CONTROL.search(shown):
                yield "a control character"


def _components(lines: list[Line]) -> Iterator[str]:
    begun = [line.value for line in lines if line.name == "BEGIN"]
    if begun != ["VCALENDAR", "VEVENT"]:
        yield "other components than one event"
    if any("TZID" in line.parameters or line.name == "TZID" for line in lines):
        yield "a TZID"
    for line in lines:
        if line.name.startswith("X-") or line.name in {"COLOR", "IMAGE", "URL", "ATTACH", "RRULE", "NAME"}:
            yield "a property that has no place in an invite"


def _frame(lines: list[Line], method: str | None) -> Iterator[str]:
    if [line.name for line in lines] != (_CALENDAR if method else _CALENDAR[:-1]):
        yield "other properties before the event"
        return
    if lines[0].value != "2.0":
        yield "another VERSION"
    if method and (lines[-1].value != method or method not in _STATUSES):
        yield "another METHOD"


def _entry(lines: list[Line], method: str | None) -> Iterator[str]:
    counts = Counter(line.name for line in lines)
    yield from (f"{name} stands {counts[name]} times" for name in sorted(_ONCE) if counts[name] != 1)
    yield from (f"{name} stands {counts[name]} times" for name in sorted(_ONCE_AT_MOST) if counts[name] > 1)
    people = [counts[name] for name in sorted(_PEOPLE)]
    if people != [1, 1] and (method or people != [0, 0]):
        yield "not one ORGANIZER and one ATTENDEE"
    if counts.keys() - _ONCE - _ONCE_AT_MOST - _PEOPLE:
        yield "a property that is unknown here"
    entry = {line.name: line for line in lines}
    for line in lines:
        yield from instant_faults(line) if line.name in INSTANTS else ()
        yield from text_faults(line) if line.name in TEXTS else ()
    yield from _states(entry, method)
    yield from _people(entry)
    yield from _conference(entry)


def instant_faults(line: Line) -> Iterator[str]:
    """Of a line whose name is among INSTANTS."""
    if line.parameters or not _UTC.fullmatch(line.value):
        yield f"{line.name} is not in UTC"


def text_faults(line: Line) -> Iterator[str]:
    """Of a line whose name is among TEXTS."""
    if not line.value:
        yield f"{line.name} says nothing"
    if _BARE.search(line.value):
        yield f"{line.name} has an unescaped ; or ,"
    if any(each not in set("\\;,nN") for each in ESCAPES.findall(line.value)):
        yield f"{line.name} escapes what needs none"


def _states(entry: dict[str, Line], method: str | None) -> Iterator[str]:
    values = {name: line.value for name, line in entry.items()}
    if values.get("STATUS") not in _STATUSES.get(method, set()):
        yield "another STATUS than the METHOD's"
    if values.get("TRANSP") != "OPAQUE" or values.get("CLASS") != "PRIVATE":
        yield "not opaque and private"
    yield from state_faults(values)


def state_faults(values: dict[str, str]) -> Iterator[str]:
    """Of any event of ours, by the values of its properties."""
    if not values.get("SEQUENCE", "").isdecimal():
        yield "SEQUENCE is no number"
    if not values.get("DTSTART", "") < values.get("DTEND", ""):
        yield "it ends before it starts"
    try:
        UUID(values.get("UID", ""))
    except ValueError:
        yield "UID is no UUID"


def _people(entry: dict[str, Line]) -> Iterator[str]:
    for name in _PEOPLE & entry.keys():
        if not re.fullmatch(r"mailto:[^@\s]+@[^@\s]+", entry[name].value):
            yield f"{name} is no mailto:"
    if "ATTENDEE" not in entry:
        return
    attendee, ended = entry["ATTENDEE"], "STATUS" in entry and entry["STATUS"].value == "CANCELLED"
    for name, value in _ATTENDEE.items():
        wanted = None if ended and name == "RSVP" else value
        if attendee.parameters.get(name) != wanted:
            yield f"the attendee's {name} is wrong"
    if attendee.parameters.get("CN") != unquote(attendee.value.removeprefix("mailto:")):
        yield "the attendee's CN is not the address"


def _conference(entry: dict[str, Line]) -> Iterator[str]:
    if "CONFERENCE" not in entry:
        return
    line = entry["CONFERENCE"]
    if line.parameters.get("VALUE") != "URI" or line.parameters.get("FEATURE") != "AUDIO,VIDEO":
        yield "CONFERENCE is no URI for audio and video"
    if not line.value.startswith(("https://", "http://")):
        yield "the conference's link leads to no page"
    if "DESCRIPTION" not in entry or line.value not in entry["DESCRIPTION"].text:
        yield "the conference's link is not in the DESCRIPTION"
