"""A mail as bytes: equal mails give equal bytes, so that a retry is the same mail.

Of the library's older, plainer `Message`: the newer one parses each header several times, and takes twice as
long for the same mail.
"""

import base64
import hashlib
import quopri
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.generator import BytesGenerator
from email.header import Header
from email.headerregistry import Address
from email.message import Message
from email.policy import EmailPolicy
from email.utils import format_datetime
from io import BytesIO
from typing import Any

from scheduler.channels.smtp.address import wire_address
from scheduler.domain.clinic import Sender

_MESSAGE_ID = re.compile(r"<([!-;=?-~]+@[^\s<>@]+)>")
_LINE_END = re.compile(r"\r\n|\r|\n")
ATTACHMENT = "invite.ics"

ONE_CLICK = "List-Unsubscribe=One-Click"
LONGEST_PLAIN = 60
"""Characters that are left as they are in a header; more are encoded, which folds them too."""


class _Form(EmailPolicy):
    """Headers stand as we wrote them, and are read so: the library would parse one each time it looks."""

    def header_fetch_parse(self, name: str, value: str) -> str:
        return value


# CR LF everywhere, inside the base64 too. Headers come folded: folding again would break long Message-IDs.
_FORM = _Form(linesep="\r\n", utf8=True, refold_source="none")


class _Part(Message):
    """Knows its own type: writing it down, the library would parse the header for it seven times."""

    def __init__(self, content_type: str, parameter: str, boundary: str | None = None) -> None:
        super().__init__()
        self._type = content_type
        self._boundary = boundary
        self.set_raw("Content-Type", f"{content_type};{parameter}")

    def get_content_type(self) -> str:
        return self._type

    def get_boundary(self, failobj: Any = None) -> Any:  # noqa: ANN401 - as the library has it
        return self._boundary or failobj


class _Generator(BytesGenerator):
    """Writes a part at once, where the library takes it line by line."""

    def _write_lines(self, lines: str) -> None:
        self.write(_LINE_END.sub("\r\n", lines))


@dataclass(frozen=True, slots=True)
class Mail:
    message_id: str
    """With its angle brackets."""
    date: datetime
    """Aware."""
    sender: Sender
    recipient: str
    """A bare address: a name beside it would tell the mail's readers on the way whose visit this is."""
    subject: str
    text: str
    html: str
    calendar: bytes | None = None
    calendar_method: str = "REQUEST"
    """The METHOD that the calendar object itself states."""
    references: tuple[str, ...] = ()
    """The Message-IDs of the mails that this one follows, oldest first."""
    unsubscribe: str | None = None
    """Where a mail program may post that its reader wants no more of these (RFC 8058)."""
    template_version: str | None = None
    """By which templates it was made, for the record alone."""


def compose(mail: Mail) -> bytes:
    """The mail with CR LF line ends, not yet dot-stuffed.

    Raises NoAddress for a recipient that cannot be one.
    """
    root = _body(mail)
    for name, value in [*_people(mail), *_plain_headers(mail)]:
        root.set_raw(name, value)
    written = BytesIO()
    _Generator(written, mangle_from_=False, policy=_FORM).flatten(root)
    return written.getvalue()


def _body(mail: Mail) -> Message:
    alternatives = [_quoted(mail.text, "plain"), _quoted(mail.html, "html")]
    if mail.calendar is None:
        return _multipart("alternative", mail.message_id, alternatives)
    alternatives.append(_calendar(mail.calendar, mail.calendar_method))
    inner = _multipart("alternative", mail.message_id, alternatives)
    return _multipart("mixed", mail.message_id, [inner, _attachment(mail.calendar)])


def _people(mail: Mail) -> list[tuple[str, str]]:
    sender = _mailbox(mail.sender)
    return [
        ("From", sender),
        ("Reply-To", sender),
        ("To", wire_address(mail.recipient)),
        ("Subject", _words(_visible(mail.subject), "Subject")),
    ]


def _mailbox(sender: Sender) -> str:
    address, name = wire_address(sender.email), _visible(sender.name)
    written = _words(name, "From")
    if written != name:
        return f"{written}\r\n <{address}>"
    local, _, domain = address.rpartition("@")
    return str(Address(display_name=name, username=local, domain=domain))


def _words(text: str, header: str) -> str:
    """`text` as it may stand in a header, folded.

    By the older of the library's two encoders: of a name with long words in other letters, the newer one
    makes what it cannot read itself.
    """
    if text.isascii() and len(text) <= LONGEST_PLAIN and "=?" not in text:
        return text
    return Header(text, "utf-8", header_name=header).encode(linesep="\r\n")


def _plain_headers(mail: Mail) -> list[tuple[str, str]]:
    threads = [_message_id(each) for each in mail.references]
    headers = [
        ("Date", format_datetime(mail.date)),
        ("Message-ID", _message_id(mail.message_id)),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "OOF, AutoReply"),
        ("MIME-Version", "1.0"),
    ]
    if threads:
        headers += [("In-Reply-To", threads[-1]), ("References", "\r\n ".join(threads))]
    if mail.unsubscribe:
        headers += [("List-Unsubscribe", f"<{mail.unsubscribe}>"), ("List-Unsubscribe-Post", ONE_CLICK)]
    return headers


def _message_id(value: str) -> str:
    found = _MESSAGE_ID.fullmatch(value)
    if found is None:
        raise ValueError("not a Message-ID")
    return f"<{wire_address(found[1])}>"


def _visible(text: str) -> str:
    """One line without control characters, which could begin another header."""
    return "".join(each for each in " ".join(text.split()) if unicodedata.category(each) not in {"Cc", "Cs"})


def _multipart(subtype: str, message_id: str, parts: Sequence[Message]) -> Message:
    # "=_" stands in no text that is quoted-printable or base64, so no part can hold the boundary.
    boundary = "=_" + hashlib.sha256(f"{subtype} {message_id}".encode()).hexdigest()[:32]
    message = _Part(f"multipart/{subtype}", f'\r\n boundary="{boundary}"', boundary)
    message.set_payload(list(parts))
    return message


def _quoted(text: str, subtype: str) -> Message:
    body = quopri.encodestring(text.encode()).decode("ascii")
    return _part(f"text/{subtype}", ' charset="utf-8"', "quoted-printable", body)


def _calendar(content: bytes, method: str) -> Message:
    return _part("text/calendar", f" charset=UTF-8; method={method}", "base64", _base64(content))


def _attachment(content: bytes) -> Message:
    part = _part("application/ics", f' name="{ATTACHMENT}"', "base64", _base64(content))
    part.set_raw("Content-Disposition", f'attachment; filename="{ATTACHMENT}"')
    return part


def _part(content_type: str, parameter: str, encoding: str, body: str) -> Message:
    part = _Part(content_type, parameter)
    part.set_raw("Content-Transfer-Encoding", encoding)
    part.set_payload(body)
    return part


def _base64(content: bytes) -> str:
    return base64.encodebytes(content).decode("ascii")
