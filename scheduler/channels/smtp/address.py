"""Mail addresses as SMTP and mail headers take them."""

import re

import idna

LONGEST_ADDRESS = 254
"""Octets (RFC 5321 4.5.3.1.3, without the angle brackets)."""
_LABEL = r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_FORBIDDEN = re.compile(r"[\s<>\x00-\x20\x7f]")


class NoAddress(ValueError):
    """No mail can go to this address, whatever the server."""


def wire_address(address: str) -> str:
    """`address` with its domain in ASCII; the part before the @ stays as it is.

    By IDNA 2008: its predecessor, which the standard library has, turns `ß` into `ss`, another domain.
    """
    local, at, domain = address.rpartition("@")
    if not (local and at and domain) or _FORBIDDEN.search(address):
        raise NoAddress("not a mail address")
    if domain.isascii():
        return _checked(address, domain)
    try:
        ascii_domain = idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise NoAddress("not a mail domain") from error
    return _checked(f"{local}@{ascii_domain}", ascii_domain)


def _checked(address: str, domain: str) -> str:
    if len(address.encode()) > LONGEST_ADDRESS or not _DOMAIN.fullmatch(domain):
        raise NoAddress("not a mail address")
    return address
