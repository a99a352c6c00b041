"""Where texts are handed over, as one setting says it."""

import re
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import unquote, urlsplit

from scheduler.channels.smtp.endpoint import Endpoint as MailServer

OFF, CONSOLE = "off", "console:"
E164 = re.compile(r"\+[1-9][0-9]{6,14}")
SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")
TWILIO = "https://api.twilio.com"
SCHEMES = ("twilio", "twilio+http", "gateway+https", "gateway+http", "smtp")


@dataclass(frozen=True, slots=True)
class TwilioAccount:
    """Of `twilio://SID:TOKEN@/SENDER`; SENDER is a number in E.164 or the SID of a messaging service."""

    sid: str
    token: str = field(repr=False)
    sender: str
    server: str = TWILIO

    @classmethod
    def parse(cls, url: str) -> Self:
        """Raises ValueError, whose text holds nothing of the URL: there is a password in it."""
        parts = urlsplit(url)
        sender = unquote(parts.path.removeprefix("/"))
        if (
            not parts.username
            or not parts.password
            or not (E164.fullmatch(sender) or SERVICE.fullmatch(sender))
        ):
            raise ValueError(
                "Twilio's URL is twilio://SID:TOKEN@/+14095550100, or the SID of a service for the number"
            )
        host = parts.netloc.rpartition("@")[2]
        if parts.scheme == "twilio" and host:
            raise ValueError("Twilio's URL names no host")
        server = f"http://{host}" if host else TWILIO
        return cls(unquote(parts.username), unquote(parts.password), sender, server)


@dataclass(frozen=True, slots=True)
class Gateway:
    """Of `gateway+https://SECRET@host/path`."""

    url: str
    secret: str = field(repr=False)

    @classmethod
    def parse(cls, url: str) -> Self:
        """Raises ValueError, whose text holds nothing of the URL: there is a secret in it."""
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        if not parts.username or parts.password or not host:
            raise ValueError("a gateway's URL is gateway+https://SECRET@host/path")
        scheme = parts.scheme.removeprefix("gateway+")
        return cls(f"{scheme}://{host}{parts.path or '/'}", unquote(parts.username))


SmsProvider = TwilioAccount | Gateway | MailServer | str


def provider(url: str) -> SmsProvider:
    """Who takes texts: Twilio, a gateway, a mailbox that shows them as mails, `console:`, or `off`.

    Raises ValueError without the URL.
    """
    if url in (OFF, CONSOLE):
        return url
    scheme = url.partition(":")[0]
    if scheme not in SCHEMES:
        raise ValueError(f"off, console: or a URL that begins with one of: {', '.join(SCHEMES)}")
    if scheme == "smtp":
        return MailServer.parse(url)
    return TwilioAccount.parse(url) if scheme.startswith("twilio") else Gateway.parse(url)
