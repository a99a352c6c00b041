"""Where the clinic's mailbox is, and how to get into it.

    imaps://user:password@host[:993]/INBOX
    imap+starttls://user:password@host[:143]/Visits/Answers?handled=Visits/Done

The path is the folder that is read, INBOX where there is none. Mails that need nobody any more go to
`handled`, which is made where it is not there; without it they are marked as read. TLS is always spoken.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

PORTS = {"imaps": 993, "imap+starttls": 143}
HOST = re.compile(r"[A-Za-z0-9.-]+|[0-9A-Fa-f:.]+")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapAddress:
    host: str
    port: int
    starttls: bool
    user: str
    password: str = field(repr=False)
    folder: str
    handled: str | None


def parse_imap_address(text: str) -> ImapAddress:
    """Raises ValueError, without the text: it holds a password."""
    parts = urlsplit(text)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    handled = options.pop("handled", None)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    folder = unquote(parts.path).strip("/") or "INBOX"
    if parts.scheme not in PORTS or not HOST.fullmatch(parts.hostname or "") or not (user and password):
        raise ValueError("not an address such as imaps://user:password@host/INBOX")
    if options or parts.fragment or handled == "" or handled == folder:
        raise ValueError("after the folder only ?handled=FOLDER may follow, another folder")
    if any(CONTROL.search(each) for each in (user, password, folder, handled or "")):
        raise ValueError("a control character")
    return ImapAddress(
        host=parts.hostname or "",
        port=parts.port or PORTS[parts.scheme],
        starttls=parts.scheme == "imap+starttls",
        user=user,
        password=password,
        folder=folder,
        handled=handled,
    )
