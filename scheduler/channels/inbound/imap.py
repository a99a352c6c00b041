"""A folder of a mailbox that people read too: what came in since, and what became of it."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientError, LoginError

from config.imap_address import ImapAddress

TIMEOUT = SocketTimeout(connect=5, read=10)
"""Seconds, for each answer."""
SEEN, FLAGGED = rb"\Seen", rb"\Flagged"


class MailboxAway(Exception):
    """The mailbox cannot be read at present."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
        """no-connection, timeout, tls, login-refused or refused: nothing of the server's words."""


class Folder:
    """An open folder. Mails go by UIDs, which only grow as long as `validity` stays."""

    def __init__(self, client: IMAPClient, validity: int, handled: str | None) -> None:
        self._client = client
        self._handled = handled
        self.validity = validity

    def newer(self, than: int, since: date) -> list[int]:
        """UIDs of mails that came in later, in their order; none that came before that day."""
        with _heard():
            found = self._client.search(["UID", f"{than + 1}:*", "SINCE", since])
        return sorted(uid for uid in found if uid > than)  # `*` is the last mail, whatever its UID

    def fetch(self, uid: int, at_most: int) -> bytes | None:
        """The first so many octets of a mail, left as unread as it is; None where it is gone."""
        with _heard():
            answer: dict[int, dict[bytes, Any]] = self._client.fetch([uid], [f"BODY.PEEK[]<0.{at_most}>"])
        content = answer.get(uid, {}).get(b"BODY[]<0>")
        return content if isinstance(content, bytes) else None

    def put_away(self, uid: int) -> None:
        """Nobody has to bother with it any more."""
        with _heard():
            self._client.add_flags([uid], [SEEN], silent=True)
            if self._handled and self._client.has_capability("MOVE"):
                self._client.move([uid], self._handled)

    def point_out(self, uid: int) -> None:
        """Somebody has to look at it: with a flag, as people do."""
        with _heard():
            self._client.add_flags([uid], [FLAGGED], silent=True)


class ImapMailbox:
    def __init__(self, address: ImapAddress, tls: ssl.SSLContext | None = None) -> None:
        self._address = address
        self._tls = tls or ssl.create_default_context()

    @property
    def name(self) -> str:
        """What tells it from others; no secret."""
        return f"{self._address.user}@{self._address.host}/{self._address.folder}"

    @contextmanager
    def open(self) -> Iterator[Folder]:
        """Raises MailboxAway."""
        with _heard():
            client = self._connect()
        with client:
            with _heard():
                folder = self._enter(client)
            yield folder

    def _connect(self) -> IMAPClient:
        where = self._address
        return IMAPClient(
            where.host, where.port, ssl=not where.starttls, ssl_context=self._tls, timeout=TIMEOUT
        )

    def _enter(self, client: IMAPClient) -> Folder:
        where = self._address
        if where.starttls:
            client.starttls(self._tls)
        client.login(where.user, where.password)
        if where.handled and not client.folder_exists(where.handled):
            client.create_folder(where.handled)
        chosen = client.select_folder(where.folder)
        return Folder(client, int(chosen[b"UIDVALIDITY"]), where.handled)


@contextmanager
def _heard() -> Iterator[None]:
    try:
        yield
    except LoginError:
        raise MailboxAway("login-refused") from None
    except ssl.SSLError:
        raise MailboxAway("tls") from None
    except TimeoutError:
        raise MailboxAway("timeout") from None
    except OSError:
        raise MailboxAway("no-connection") from None
    except (IMAPClientError, KeyError):  # the latter: an answer without what every server says
        raise MailboxAway("refused") from None
