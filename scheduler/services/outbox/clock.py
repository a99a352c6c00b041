"""How long a claim has been held, by this process's own monotonic clock."""

import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from scheduler.domain.errors import Unavailable
from scheduler.services.outbox.fence import FRESH, LEASE

T = TypeVar("T")

PAUSE = 0.2
"""Seconds between two tries to reach our database, at least."""


class ClaimClock:
    """Begin it before the claim: whoever takes stale tokens away may see the token before we do."""

    def __init__(self, lease: float = LEASE) -> None:
        """`lease` in seconds."""
        self._lease = lease
        self._began = self._read = time.monotonic()
        self._then: datetime | None = None

    def set(self, now: datetime) -> None:
        """By the database's clock, asked at the claim; from then on this process counts by itself."""
        self._then, self._read = now, time.monotonic()

    def now(self) -> datetime:
        assert self._then, "not set"
        return self._then + timedelta(seconds=time.monotonic() - self._read)

    def age(self) -> float:
        """Seconds since before the claim."""
        return time.monotonic() - self._began

    def fresh(self) -> bool:
        """Whether nobody can have taken away what was claimed."""
        return self.age() <= self._lease * FRESH

    def patiently(self, work: Callable[[], T]) -> T:
        """Do `work` as soon as our database is there again, for as long as what was claimed is fresh.

        Raises Unavailable.
        """
        while True:
            time.sleep(random.uniform(PAUSE, 2 * PAUSE))  # noqa: S311 - spreads workers, guards no secret
            try:
                return work()
            except Unavailable:
                if not self.fresh():
                    raise
