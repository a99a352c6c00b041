"""Counting requests: in Redis for all processes together, in this one while Redis does not answer at once."""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from limits.storage import MemoryStorage, RedisStorage, Storage
from redis import RedisError

from scheduler.db.redis import redis_pool

log = logging.getLogger(__name__)

T = TypeVar("T")

PATIENCE = 0.1
"""Seconds that one request may lose to a Redis that hangs; the next ones lose nothing."""
ASKERS = 8
"""Requests of one process that ask Redis at the same time; a hop to such a thread costs 45 µs."""
SILENCE = 1.0
"""Seconds between two looks whether it answers again."""


class Breaker:
    """Open after a failure, until `answers` says otherwise: asked in a thread, while requests go on."""

    def __init__(self, answers: Callable[[], bool], silence: float = SILENCE) -> None:
        self._answers = answers
        self._silence = silence
        self._lock = threading.Lock()
        self._look_at = 0.0
        self.closed = True

    def trip(self) -> None:
        """There was a failure."""
        with self._lock:
            was_closed, self.closed = self.closed, False
            self._look_at = time.monotonic() + self._silence
        if was_closed:
            log.warning("Redis does not answer: each process counts requests by itself")

    def may_pass(self) -> bool:
        if not self.closed and self._is_time_to_look():
            threading.Thread(target=self._look, name="breaker", daemon=True).start()
        return self.closed

    def _is_time_to_look(self) -> bool:
        with self._lock:
            now = time.monotonic()
            due = now >= self._look_at
            if due:
                self._look_at = now + self._silence
            return due

    def _look(self) -> None:
        if self._answers():
            self.closed = True
            log.warning("Redis answers again")


class CarefulStorage(Storage):
    """Flask-Limiter's own fallback asks a hung Redis again within requests, which then wait; this does not.

    The options hold `redis_url`.
    """

    STORAGE_SCHEME = ["careful"]  # noqa: RUF012 - as `limits` has it

    def __init__(
        self, uri: str | None = None, wrap_exceptions: bool = False, **options: float | str | bool
    ) -> None:
        super().__init__(uri, wrap_exceptions)
        self._here = MemoryStorage()
        self._there = RedisStorage("redis://", redis_pool(str(options["redis_url"]), PATIENCE))
        self._breaker = Breaker(self._there.check)
        # Its own time-outs do not bind the resolver, which takes ten seconds over a name that is gone.
        self._askers = ThreadPoolExecutor(ASKERS, thread_name_prefix="limits")

    @property
    def shared(self) -> bool:
        """Whether all processes count together."""
        return self._breaker.closed

    @property
    def base_exceptions(self) -> type[Exception]:
        return RedisError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        return self._ask(lambda storage: storage.incr(key, expiry, amount))

    def get(self, key: str) -> int:
        return self._ask(lambda storage: storage.get(key))

    def get_expiry(self, key: str) -> float:
        return self._ask(lambda storage: storage.get_expiry(key))

    def check(self) -> bool:
        return True

    def reset(self) -> int | None:
        return self._ask(lambda storage: storage.reset())

    def clear(self, key: str) -> None:
        self._ask(lambda storage: storage.clear(key))

    def _ask(self, question: Callable[[Storage], T]) -> T:
        if self._breaker.may_pass():
            try:
                return self._askers.submit(question, self._there).result(PATIENCE)
            except (RedisError, TimeoutError):
                self._breaker.trip()
        return question(self._here)
