"""Where the mail server is, and how to speak with it."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self
from urllib.parse import unquote, urlsplit


class Security(StrEnum):
    NONE = "smtp"
    STARTTLS = "smtp+starttls"
    TLS = "smtps"


_PORTS = {Security.NONE: 25, Security.STARTTLS: 587, Security.TLS: 465}


@dataclass(frozen=True, slots=True)
class Endpoint:
    security: Security
    host: str
    port: int
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @classmethod
    def parse(cls, url: str) -> Self:
        """Of `smtp://`, `smtp+starttls://` or `smtps://[user:password@]host[:port]`.

        Raises ValueError, whose text holds nothing of the URL: there may be a password in it.
        """
        parts = urlsplit(url)
        if parts.scheme not in set(Security):
            raise ValueError(f"a mail server's URL begins with one of: {', '.join(Security)}")
        if not parts.hostname or parts.path not in {"", "/"} or parts.query or parts.fragment:
            raise ValueError("a mail server's URL is scheme://[user:password@]host[:port]")
        _check_host(parts.hostname)
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        if not (user.isascii() and password.isascii()):
            raise ValueError("the mail server's user and password have to be ASCII")
        security = Security(parts.scheme)
        return cls(security, parts.hostname, _port(parts.netloc, security), user, password)


def _check_host(host: str) -> None:
    """Here and not at the first mail: there it would look like a mail that cannot be written."""
    try:
        host.encode("idna")
    except UnicodeError:
        raise ValueError("the mail server's host is no host name") from None


def _port(netloc: str, security: Security) -> int:
    _, colon, port = netloc.rpartition("@")[2].rpartition("]")[2].rpartition(":")
    if not colon:
        return _PORTS[security]
    if not (port.isascii() and port.isdecimal() and 0 < int(port) < 65536):
        raise ValueError("the mail server's port is a number from 1 to 65535")
    return int(port)
