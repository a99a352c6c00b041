"""The sweeper's own hands, for as long as Redis is away."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from scheduler.domain.messages import Queue
from workers.queues import AnyHint, queue_of

log = logging.getLogger(__name__)

HANDS = 2
"""Threads for each queue: what is urgent waits neither for thousands of reminders nor for a slow server."""


class Hands:
    """Do what hints say, one after the other in each queue."""

    def __init__(self, do: Callable[[AnyHint], object]) -> None:
        self._do = do
        self._pools = {
            queue: ThreadPoolExecutor(HANDS, thread_name_prefix=f"sweeper-{queue}") for queue in Queue
        }
        self._lock = threading.Lock()
        self._waiting: set[AnyHint] = set()

    def take(self, hint: AnyHint) -> None:
        """A hint that still waits is not taken twice: whatever is due is hinted again and again."""
        with self._lock:
            if hint in self._waiting:
                return
            self._waiting.add(hint)
        self._pools[queue_of(hint)].submit(self._one, hint)

    def stop(self) -> None:
        """Finish what was begun."""
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)
        for pool in self._pools.values():
            pool.shutdown(wait=True)

    def _one(self, hint: AnyHint) -> None:
        with self._lock:
            self._waiting.discard(hint)
        try:
            self._do(hint)
        except Exception:
            log.exception("could not do what was due", extra={"hint": str(hint)})
