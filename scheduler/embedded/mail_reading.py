"""What a person or a program wants to know of a mail: who, what, its text, its invite."""

import email
import email.policy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage, MIMEPart
from email.utils import getaddresses
from typing import TypeVar

from scheduler.embedded.mail_store import Stored

SNIPPET = 250
T = TypeVar("T")
CALENDAR = ("text/calendar", "application/ics")


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail, read; `invites` are its calendar objects as text, each once however often it is in there."""

    stored: Stored
    message: EmailMessage

    def header(self, name: str) -> str:
        """A malformed header costs its own line on the page, not the page."""
        return " ".join(str(_tolerant(lambda: self.message.get(name)) or "").split())

    def addresses(self, name: str) -> list[tuple[str, str]]:
        headers = _tolerant(lambda: self.message.get_all(name)) or []
        return [(name, address) for name, address in getaddresses([str(each) for each in headers]) if address]

    def blind(self) -> list[str]:
        """Who got it without being named in it."""
        named = {address.casefold() for name in ("To", "Cc") for _, address in self.addresses(name)}
        return [each for each in self.stored.recipients if each.casefold() not in named]

    def text(self) -> str:
        """The plain text; the source of the HTML where there is none."""
        body = _tolerant(lambda: self.message.get_body(("plain", "html")))
        return _content(body) if body is not None else ""

    def invites(self) -> list[str]:
        found = [_content(part) for part in self._parts() if part.get_content_type() in CALENDAR]
        return list(dict.fromkeys(found))

    def attachments(self) -> list[str]:
        return [str(_tolerant(part.get_filename)) for part in self._parts() if _tolerant(part.get_filename)]

    def _parts(self) -> Iterator[EmailMessage]:
        return (part for part in self.message.walk() if isinstance(part, EmailMessage))


def read_mail(stored: Stored) -> Mail:
    return Mail(stored, email.message_from_bytes(stored.raw, policy=email.policy.default))


def summary(mail: Mail) -> dict[str, object]:
    """One entry of the list, in Mailpit's form."""
    sender = mail.addresses("From") or [("", mail.stored.sender)]
    return {
        "ID": mail.stored.id,
        "MessageID": mail.header("Message-ID").strip("<>"),
        "Read": False,
        "From": _entries(sender)[0],
        "To": _entries(mail.addresses("To")),
        "Cc": _entries(mail.addresses("Cc")),
        "Bcc": _entries([("", address) for address in mail.blind()]),
        "ReplyTo": _entries(mail.addresses("Reply-To")),
        "Subject": mail.header("Subject"),
        "Created": mail.stored.received.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "Tags": [],
        "Size": len(mail.stored.raw),
        "Attachments": len(mail.attachments()),
        "Snippet": " ".join(mail.text().split())[:SNIPPET],
    }


def _entries(addresses: list[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"Name": name, "Address": address} for name, address in addresses]


def _content(part: MIMEPart) -> str:
    content = _tolerant(part.get_content)
    return content.decode("utf-8", "replace") if isinstance(content, bytes) else str(content or "")


def _tolerant(look: Callable[[], T]) -> T | None:
    """The parser raises all kinds of errors on broken mails, and a mailbox must show those too."""
    try:
        return look()
    except Exception:
        return None
