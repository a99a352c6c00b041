"""What a patient's calendar answers to an invite: strings, and nothing that is evaluated.

A date or a VTIMEZONE of somebody else's may keep a reader busy for minutes; so this one steps over them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from scheduler.calendars.contentlines import Line, parse

LONGEST_OBJECT = 64 * 1024
"""Octets."""
MOST_ATTENDEES = 20
LONGEST_ADDRESS = 254

_FOLD = re.compile(r"(?:\r\n|\n|\r)[ \t]")
_LINE_ENDS = re.compile(r"[\r\n]+")
_STAMP = re.compile(r"\d{8}T\d{6}Z?")
_SEQUENCE = re.compile(r"\d{1,9}")
_READ = frozenset({"UID", "SEQUENCE", "DTSTAMP", "ATTENDEE"})


class Unreadable(ValueError):
    """No answer to one invite can be read from it."""


@dataclass(frozen=True, slots=True)
class Attendee:
    address: str
    """As it was written, without `mailto:`."""
    partstat: str
    """In capitals; NEEDS-ACTION where nothing is said."""


@dataclass(frozen=True, slots=True)
class Answer:
    method: str
    """In capitals: REPLY, COUNTER, or what is nobody's answer."""
    uid: str
    sequence: int
    stamp: str
    """DTSTAMP as it was written, to be compared as a string; empty where none can be read."""
    attendees: tuple[Attendee, ...]


def read_answer(content: bytes, charset: str = "utf-8") -> Answer:
    """Raises Unreadable."""
    if len(content) > LONGEST_OBJECT:
        raise Unreadable("too long")
    method, events = "", list[list[Line]]()
    for path, line in _placed(_text(content, charset)):
        if path == ("VCALENDAR",) and line.name == "METHOD":
            method = line.value.strip().upper()
        elif path == ("VCALENDAR", "VEVENT"):
            if line.name == "BEGIN":
                events.append([])
            elif line.name in _READ:
                events[-1].append(line)
    return _answer(method, events)


def _answer(method: str, events: list[list[Line]]) -> Answer:
    uids = {line.value.strip() for event in events for line in event if line.name == "UID"}
    if len(uids) != 1:
        raise Unreadable("not about one entry")
    first = {line.name: line.value.strip() for line in reversed(events[0])}
    sequence = first.get("SEQUENCE", "0")
    if not _SEQUENCE.fullmatch(sequence):
        raise Unreadable("SEQUENCE is no number")
    stamp = first.get("DTSTAMP", "")
    attendees = [_attendee(line) for line in events[0] if line.name == "ATTENDEE"]
    if len(attendees) > MOST_ATTENDEES:
        raise Unreadable("too many people")
    stated = stamp if _STAMP.fullmatch(stamp) else ""
    return Answer(method, uids.pop(), int(sequence), stated, tuple(attendees))


def _attendee(line: Line) -> Attendee:
    address = unquote(re.sub("(?i)^mailto:", "", line.value.strip()))[:LONGEST_ADDRESS]
    return Attendee(address, line.parameters.get("PARTSTAT", "NEEDS-ACTION").strip().upper())


def _placed(text: str) -> Iterator[tuple[tuple[str, ...], Line]]:
    """Each line that can be read, with the components in which it stands; BEGIN stands in its own."""
    path: list[str] = []
    for written in _LINE_ENDS.split(_FOLD.sub("", text)):
        try:
            line = parse(written)
        except ValueError:
            continue  # a line that we cannot read is none that we need
        if line.name == "BEGIN":
            path.append(line.value.strip().upper())
        yield tuple(path[:3]), line
        if line.name == "END" and path:
            path.pop()


def _text(content: bytes, charset: str) -> str:
    """Whatever it is called: what we need of it are ASCII letters."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        charset = "utf-16"
    try:
        text = content.decode(charset or "utf-8")
    except (LookupError, UnicodeError):
        text = content.decode("latin-1")
    return text.removeprefix("\ufeff").removeprefix("\xef\xbb\xbf")
