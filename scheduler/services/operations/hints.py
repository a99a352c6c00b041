"""What the queues in Redis hold, and how it keeps them: asked briefly and once, needed by nobody."""

from collections.abc import Callable
from typing import TypeVar

from redis import Redis, RedisError

from scheduler.db.redis import redis_client
from scheduler.domain.messages import Queue

T = TypeVar("T")

PATIENCE = 0.2
"""Seconds."""
KEEPS_ALL = "noeviction"


def queue_lengths(url: str) -> dict[Queue, int] | None:
    """How many hints nobody has taken yet; None where Redis does not say."""
    return _asked(url, _lengths)


def _lengths(client: Redis) -> dict[Queue, int]:
    asked = client.pipeline(transaction=False)
    for queue in Queue:
        asked.llen(queue)
    return dict(zip(Queue, asked.execute(), strict=True))


def drops_by(url: str) -> str | None:
    """The `maxmemory-policy` by which a full Redis drops hints without a word; None where it does not."""
    policy = _asked(url, lambda client: client.info("memory").get("maxmemory_policy"))
    return None if policy in (None, KEEPS_ALL) else str(policy)


def _asked(url: str, ask: Callable[[Redis], T]) -> T | None:
    client = redis_client(url, PATIENCE)
    try:
        return ask(client)
    except RedisError:
        return None
    finally:
        client.close()
