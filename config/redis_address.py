"""Where Redis is: one server, with or without TLS, or several that Sentinels watch.

    redis://[user:password@]host:port/0
    rediss://…                                    with TLS; the certificate is always checked
    sentinel://[user:password@]host:port,host:port/NAME[/0]     NAME is the master's, as the Sentinels know it
    sentinels://…                                 with TLS, to the Sentinels too

After a `?`: ssl_ca_certs, ssl_certfile, ssl_keyfile (files, with TLS), sentinel_username, sentinel_password.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

ADDRESS = re.compile(
    r"(?P<scheme>redis|sentinel)(?P<tls>s?)://(?:(?P<login>[^@/?]*)@)?"
    r"(?P<hosts>[^@/?]+)(?P<path>/[^?]*)?(?:\?(?P<options>.*))?"
)
HOST = re.compile(r"(?P<name>\[[0-9a-fA-F:.]+\]|[^:\[\]]+)(?::(?P<port>[0-9]{1,5}))?")
PORTS = {"redis": 6379, "sentinel": 26379}
TLS_OPTIONS = frozenset({"ssl_ca_certs", "ssl_certfile", "ssl_keyfile"})
SENTINEL_OPTIONS = frozenset({"sentinel_username", "sentinel_password"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisAddress:
    hosts: tuple[tuple[str, int], ...]
    """The server; with `master`, the Sentinels."""
    username: str | None
    password: str | None
    database: int
    master: str | None
    """Whom the Sentinels are to name."""
    tls: Mapping[str, str] | None
    """Files for TLS by redis-py's names, perhaps none; None where it is not spoken."""
    sentinel_login: Mapping[str, str]


def parse_redis_address(text: str) -> RedisAddress:
    """Raises ValueError, without the text: it may hold a password."""
    found = ADDRESS.fullmatch(text)
    if not found:
        raise ValueError(
            "not an address such as redis://host:6379/0 or sentinel://host:26379,host:26379/name"
        )
    sentinels = found["scheme"] == "sentinel"
    master, database = _path(found["path"] or "", sentinels)
    options = _options(found["options"] or "", tls=bool(found["tls"]), sentinels=sentinels)
    user, _, password = (found["login"] or "").partition(":")
    hosts = tuple(_hosts(found["hosts"], PORTS[found["scheme"]]))
    if len(hosts) > 1 and not sentinels:
        raise ValueError("several servers need Sentinels; a Redis Cluster cannot carry hints")
    return RedisAddress(
        hosts=hosts,
        username=unquote(user) or None,
        password=unquote(password) or None,
        database=database,
        master=master,
        tls=_only(options, TLS_OPTIONS) if found["tls"] else None,
        sentinel_login={
            name.removeprefix("sentinel_"): each for name, each in _only(options, SENTINEL_OPTIONS).items()
        },
    )


def checked_redis_url(text: str) -> str:
    parse_redis_address(text)
    return text


def _path(path: str, sentinels: bool) -> tuple[str | None, int]:
    parts = [unquote(part) for part in path.split("/") if part]
    if sentinels and not parts:
        raise ValueError("the master's name is missing: sentinel://host:26379/NAME")
    master = parts.pop(0) if sentinels else None
    if len(parts) > 1 or not all(part.isdecimal() for part in parts):
        raise ValueError("the database is a number, as in redis://host:6379/0")
    return master, int(parts[0]) if parts else 0


def _options(text: str, *, tls: bool, sentinels: bool) -> dict[str, str]:
    known = (TLS_OPTIONS if tls else frozenset()) | (SENTINEL_OPTIONS if sentinels else frozenset())
    options = dict(parse_qsl(text, keep_blank_values=True))
    if strange := sorted(set(options) - known):
        fit = f"known here: {', '.join(sorted(known))}" if known else "none is known here"
        raise ValueError(f"unknown option {strange[0][:40]} ({fit})")
    return options


def _only(options: Mapping[str, str], names: frozenset[str]) -> dict[str, str]:
    return {name: value for name, value in options.items() if name in names}


def _hosts(text: str, port: int) -> Iterator[tuple[str, int]]:
    for each in text.split(","):
        found = HOST.fullmatch(each)
        if not found or not 0 < int(found["port"] or port) < 65_536:
            raise ValueError("a host is missing, or a port is no port")
        yield found["name"].strip("[]"), int(found["port"] or port)
