"""A client of Redis for those who ask briefly and once; the queues hold their own connections."""

from collections.abc import Mapping
from typing import Any

from redis import Connection, ConnectionPool, Redis, SSLConnection
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel, SentinelConnectionPool

from config.redis_address import RedisAddress, parse_redis_address


def redis_client(url: str, patience: float) -> Redis:
    """Waits for each step at most `patience` seconds; redis-py's own retries would wait much longer."""
    return Redis(connection_pool=redis_pool(url, patience))


def redis_pool(url: str, patience: float) -> ConnectionPool:
    address = parse_redis_address(url)
    hasty = {"socket_timeout": patience, "socket_connect_timeout": patience, "retry": Retry(NoBackoff(), 0)}
    login = {"username": address.username, "password": address.password, "db": address.database}
    if address.master is not None:
        return _of_the_master(address, address.master, hasty, login)
    ((host, port),) = address.hosts
    spoken = Connection if address.tls is None else SSLConnection
    options: dict[str, Any] = {"host": host, "port": port, **hasty, **login, **(address.tls or {})}
    return ConnectionPool(spoken, **options)


def _of_the_master(
    address: RedisAddress, master: str, hasty: Mapping[str, Any], login: Mapping[str, Any]
) -> ConnectionPool:
    encrypted = {} if address.tls is None else {"ssl": True, **address.tls}
    to_sentinels = {**hasty, **encrypted, **address.sentinel_login}
    sentinels = Sentinel(address.hosts, sentinel_kwargs=to_sentinels)  # type: ignore[no-untyped-call]
    return SentinelConnectionPool(master, sentinels, **hasty, **login, **encrypted)  # type: ignore[no-untyped-call]
