"""Ringing at the workers' door without ever waiting at it."""

import logging
import queue
import threading
import time
from collections.abc import Sequence

from scheduler.domain.messages import Hint
from workers.queues import DELIVER, ERRAND, HASTY, HINT_LIVES, AnyHint, celery_app, queue_of

log = logging.getLogger(__name__)

WAITING = 1_000
"""Hints that may wait for a slow Redis; more are dropped, and the sweeper finds what they were for."""
SILENCE = 1.0
"""Seconds for which nothing is tried after Redis did not answer."""


class Publisher:
    """Puts hints on the queues; gives up quickly."""

    def __init__(self, redis_url: str) -> None:
        self._app = celery_app(redis_url, HASTY)

    def publish(self, hint: AnyHint) -> None:
        """Raises whatever keeps it from Redis."""
        task, arguments = (DELIVER, (hint.message,)) if isinstance(hint, Hint) else (ERRAND, tuple(hint))
        self._app.send_task(task, arguments, queue=queue_of(hint), expires=HINT_LIVES, retry=False)


class QueueDoorbell:
    """Publishes hints from a thread of its own. Make it after the fork."""

    def __init__(self, redis_url: str) -> None:
        self._publisher = Publisher(redis_url)
        self._hints: queue.Queue[Hint] = queue.Queue(WAITING)
        threading.Thread(target=self._run, name="doorbell", daemon=True).start()

    def ring(self, hints: Sequence[Hint]) -> None:
        for hint in hints:
            try:
                self._hints.put_nowait(hint)
            except queue.Full:
                return  # the sweeper finds them

    def _run(self) -> None:
        silent_until = 0.0
        while True:
            hint = self._hints.get()
            if time.monotonic() < silent_until:
                continue
            try:
                self._publisher.publish(hint)
            except Exception as error:  # kombu lets errors of several libraries through
                silent_until = time.monotonic() + SILENCE
                log.warning("Redis does not take hints: %s", type(error).__name__)
