"""The parts of a mail that nobody vouches for, within bounds.

Not the library's parser: it builds the whole tree before anybody can count, and gives up at a depth of about
a thousand with an error that says nothing of mails. Of it serves what reads one block of headers.
"""

import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser
from time import thread_time

LARGEST_MAIL = 1024 * 1024
"""Octets."""
LONGEST_HEAD = 64 * 1024
MOST_PARTS = 50
DEEPEST = 10
LONGEST = 5.0
"""Seconds of work; far more than a mail within the other bounds takes."""

_HEAD_ENDS = re.compile(rb"\r?\n\r?\n|\A\r?\n")
_SPACE = re.compile(rb"\s+")


class TooMuch(ValueError):
    """A mail beyond the bounds; the message says which."""


@dataclass(frozen=True, slots=True)
class Part:
    """A mail, or a part of one."""

    headers: Message
    body: bytes
    """As it was sent, still encoded."""
    depth: int

    @property
    def type(self) -> str:
        return self.headers.get_content_type()

    def parameter(self, name: str) -> str:
        """Of the Content-Type, in lower case; empty where it is not given, or not readable."""
        found = self.headers.get_param(name, "")
        return found.strip().lower() if isinstance(found, str) else ""

    def content(self, at_most: int) -> bytes:
        """The body, decoded. Raises TooMuch."""
        encoding = str(self.headers.get("Content-Transfer-Encoding", "")).strip().lower()
        decoded = _decoded(self.body, encoding)
        if len(decoded) > at_most:
            raise TooMuch("a part is too long")
        return decoded


def parts_of(raw: bytes) -> list[Part]:
    """The mail itself and all its parts, in their order. What a message/… part holds is not looked at.

    Raises TooMuch.
    """
    if len(raw) > LARGEST_MAIL:
        raise TooMuch("the mail is too long")
    began = thread_time()
    found: list[Part] = []
    waiting = [(raw, 0)]
    while waiting:
        part = _part(*waiting.pop())
        found.append(part)
        inner = list(_split(part)) if part.type.startswith("multipart/") else []
        if len(found) + len(waiting) + len(inner) > MOST_PARTS:
            raise TooMuch("too many parts")
        if inner and part.depth >= DEEPEST:
            raise TooMuch("parts too deep")
        if thread_time() - began > LONGEST:
            raise TooMuch("it takes too long")
        waiting += [(each, part.depth + 1) for each in reversed(inner)]
    return found


def headers_of(content: bytes) -> Message:
    """One block of headers; whatever follows it is left alone. Raises TooMuch."""
    return _part(content, 0).headers


def _part(content: bytes, depth: int) -> Part:
    ends = _HEAD_ENDS.search(content, 0, LONGEST_HEAD)
    if ends is None and len(content) > LONGEST_HEAD:
        raise TooMuch("headers too long")
    head, body = (content[: ends.end()], content[ends.end() :]) if ends else (content, b"")
    return Part(BytesHeaderParser().parsebytes(head), body, depth)


def _split(part: Part) -> Iterator[bytes]:
    """What stands between the marks of a multipart. Raises TooMuch."""
    boundary = part.headers.get_boundary("").encode(errors="replace")
    if not boundary:
        return
    mark = re.compile(rb"^--" + re.escape(boundary) + rb"(--)?[ \t]*(?:\r?\n|\Z)", re.MULTILINE)
    begins = -1
    for number, found in enumerate(mark.finditer(part.body)):
        if number > MOST_PARTS:
            raise TooMuch("too many parts")
        if begins >= 0:  # the line's end before a mark is the mark's
            yield part.body[begins : found.start()].removesuffix(b"\n").removesuffix(b"\r")
        if found[1]:
            return
        begins = found.end()
    if begins >= 0:  # it was cut off, or whoever wrote it forgot the end
        yield part.body[begins:]


def _decoded(body: bytes, encoding: str) -> bytes:
    """As far as it can be decoded."""
    if encoding == "quoted-printable":
        return quopri.decodestring(body)
    if encoding != "base64":
        return body
    letters = _SPACE.sub(b"", body)
    try:
        return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))
    except binascii.Error:
        return b""
