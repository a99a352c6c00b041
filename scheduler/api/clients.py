"""Whose computer is calling: its address as far as it can be believed, and never kept as it is."""

import time
from ipaddress import IPv6Address, ip_address, ip_network

from flask import Flask, current_app, request
from werkzeug.middleware.proxy_fix import ProxyFix

from scheduler.api.runtime import runtime

KEY = "visits.forwarded"
FORWARDED = ("X-Forwarded-For", "Forwarded")
REMEMBERED = 600.0
"""Seconds for which a forwarded request that nobody should have forwarded is told to operators."""
HOUSEHOLD = 64
"""Bits of an IPv6 address that name somebody's network; the rest they choose as they like."""


def trust(app: Flask, proxies: int) -> None:
    """Believe the last so many entries of X-Forwarded-For; with none, believe the connection alone."""
    app.extensions[KEY] = -REMEMBERED
    if proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=proxies, x_proto=0, x_host=0, x_port=0, x_prefix=0
        )
    else:
        app.before_request(_notice_forwarding)


def _notice_forwarding() -> None:
    if any(name in request.headers for name in FORWARDED):
        current_app.extensions[KEY] = time.monotonic()


def forwarded_lately() -> bool:
    """Whether somebody forwards requests to us while no proxy is trusted: then all callers look like one."""
    return time.monotonic() - float(current_app.extensions[KEY]) < REMEMBERED


def network(address: str) -> str:
    """What stands for one caller: an IPv4 address, or the network of an IPv6 address."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return "nowhere"  # a socket of this machine has no address
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return str(ip_network((found, HOUSEHOLD), strict=False)) if found.version == 6 else str(found)


def client() -> bytes:
    """A keyed hash of where the caller is."""
    return runtime().desk.secrets.lookup.hash("client", network(request.remote_addr or ""))
