"""Addresses that other people name, and which of them a service inside a clinic's network may call.

Without these rules a webhook or a calendar address is a way to whatever the service can reach and the person
who named it cannot: its own database's host, a cloud's metadata, a router's pages.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Literal
from urllib.parse import SplitResult, urlsplit

HTTPS_PORT = 443
FIRST_FREE_PORT = 1024
"""Below it a port belongs to some other protocol, whose servers must not be spoken to in HTTP."""
LONGEST = 2_048

SPELLED = re.compile(r"[!-\[\]-~]+")
"""Printable ASCII without blanks and backslashes: what two readers of an address agree on."""
HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
NUMBER = re.compile(r"(0x[0-9a-f]*|[0-9]+)")
"""As the last label of a name it makes an IPv4 address of it, in one of several spellings."""

Unfit = Literal["not-an-address", "not-https", "with-credentials", "odd-port", "not-public"]
Address = IPv4Address | IPv6Address

NOT_PUBLIC_4 = tuple(
    map(
        IPv4Network,
        (
            "192.0.0.0/24",  # of protocols, some of whose addresses count as global
            "192.88.99.0/24",  # the way into 6to4
        ),
    )
)
NOT_PUBLIC_6 = tuple(
    map(
        IPv6Network,
        (
            "::/96",  # an IPv4 address, in the way that nobody writes any more
            "::ffff:0:0/96",  # an IPv4 address, mapped
            "64:ff9b::/96",  # an IPv4 address behind a translator
            "64:ff9b:1::/48",
            "2001::/23",  # of protocols; 2001::/32 is Teredo, with an IPv4 address in it
            "2002::/16",  # 6to4, likewise
            "3fff::/20",  # of documents
            "fec0::/10",  # of a site, as it once was
        ),
    )
)


class NotAllowed(Exception):
    """An address that is not called; `code` says why."""

    def __init__(self, code: Unfit) -> None:
        super().__init__(code)
        self.code: Unfit = code


@dataclass(frozen=True, slots=True)
class Destination:
    """An address that may be called, as far as can be seen without looking its name up."""

    url: str
    host: str
    port: int
    encrypted: bool


def destination(url: str, *, loopback: bool = False) -> Destination:
    """Read an address. Raises NotAllowed.

    `loopback` is for rehearsals: this machine itself may be called, without TLS and on any port.
    """
    parts = _parts(url)
    host = parts.hostname or ""
    here = loopback and (host == "localhost" or is_loopback(host))
    if parts.scheme != "https" and not (here and parts.scheme == "http"):
        raise NotAllowed("not-https")
    if parts.username is not None or parts.password is not None:
        raise NotAllowed("with-credentials")
    _check_host(host, here)
    port = parts.port if parts.port is not None else HTTPS_PORT if parts.scheme == "https" else 80
    if not here and port != HTTPS_PORT and port < FIRST_FREE_PORT:
        raise NotAllowed("odd-port")
    return Destination(parts._replace(fragment="").geturl(), host, port, parts.scheme == "https")


def _parts(url: str) -> SplitResult:
    if len(url) > LONGEST or not SPELLED.fullmatch(url):
        raise NotAllowed("not-an-address")
    try:
        parts = urlsplit(url)
        _ = parts.port  # which is read only now
    except ValueError:
        raise NotAllowed("not-an-address") from None
    if not parts.hostname or parts.port == 0:
        raise NotAllowed("not-an-address")
    return parts


def _check_host(host: str, here: bool) -> None:
    """Numbers are addresses, in the one spelling that means the same to everybody; all else is a name."""
    literal = ":" in host or NUMBER.fullmatch(host.rsplit(".", 1)[-1])
    if not literal:
        if not HOST.fullmatch(host):
            raise NotAllowed("not-an-address")
        return
    try:
        address = ip_address(host)
    except ValueError:
        raise NotAllowed("not-an-address") from None
    if not here and not is_public(address):
        raise NotAllowed("not-public")


def is_public(address: Address) -> bool:
    """Whether an address is somewhere in the public internet, and is no other address in disguise."""
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if isinstance(address, IPv6Address):
        return address.scope_id is None and not any(address in each for each in NOT_PUBLIC_6)
    return not any(address in each for each in NOT_PUBLIC_4)


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
