"""The address of Redis as Celery wants it."""

import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from redis.backoff import NoBackoff
from redis.retry import Retry

from config.redis_address import RedisAddress, parse_redis_address

TIMES = ("socket_timeout", "socket_connect_timeout")


def broker_settings(redis_url: str, transport: Mapping[str, Any]) -> dict[str, Any]:
    """`transport` is how the connection is held; see PATIENT and HASTY."""
    address = parse_redis_address(redis_url)
    encrypted = None if address.tls is None else {"ssl_cert_reqs": ssl.CERT_REQUIRED, **address.tls}
    options = dict(transport)
    if address.master is not None:
        options |= {"master_name": address.master, "sentinel_kwargs": _to_sentinels(address, transport)}
    return {
        "broker_url": ";".join(_urls(address)),
        # Without options of its own a `rediss://` address would accept any certificate.
        "broker_use_ssl": encrypted,
        "broker_transport_options": options,
    }


def _urls(address: RedisAddress) -> list[str]:
    scheme = "sentinel" if address.master else "redis" if address.tls is None else "rediss"
    login = f"{quote(address.username or '', safe='')}:{quote(address.password or '', safe='')}@"
    shown = login if address.username or address.password else ""
    return [
        f"{scheme}://{shown}{f'[{host}]' if ':' in host else host}:{port}/{address.database}"
        for host, port in address.hosts
    ]


def _to_sentinels(address: RedisAddress, transport: Mapping[str, Any]) -> dict[str, Any]:
    """One that does not answer is passed over: the next one may know as well."""
    held = {name: transport[name] for name in TIMES}
    encrypted = {"ssl": True, **address.tls} if address.tls is not None else {}
    return {**held, "retry": Retry(NoBackoff(), 0), **encrypted, **address.sentinel_login}
