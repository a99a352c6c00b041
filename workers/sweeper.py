"""The sweeper: once a second it expires, reaps, nudges, and does what is on the timetable.

Any number may run; there is no leader. While Redis stays away it delivers by itself; and also what nobody
took for a minute, for Redis may take hints that no worker hears.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence

from scheduler.domain.errors import Unavailable
from scheduler.services.ground import errands
from scheduler.services.ground.desk import Desk
from scheduler.services.outbox.fence import LEASE
from scheduler.services.outbox.sweeping import Reaper, beat, expire, nudge, unheard
from workers.hands import Hands
from workers.queues import AnyHint
from workers.timetable import run_due

log = logging.getLogger(__name__)

TICK = 1.0
"""Seconds."""
PATIENCE = 10.0
"""Seconds without Redis after which what is due is done from here."""


class Sweeper:
    """`publish` gives a hint to the workers, `do` does what it says here."""

    def __init__(
        self,
        desk: Desk,
        publish: Callable[[AnyHint], None],
        do: Callable[[AnyHint], object],
        patience: float = PATIENCE,
        lease: float = LEASE,
    ) -> None:
        self._desk = desk
        self._publish = publish
        self._patience = patience
        self._reaper = Reaper(lease)
        self._failing_since: float | None = None
        self._unsaid: Sequence[AnyHint] = ()
        """Hints that Redis did not take: marked as given, so that nobody else gives them for a while."""
        self._hands = Hands(do)

    def run(self, stop: threading.Event) -> None:
        """Sweep until told to stop."""
        while not stop.is_set():
            began = time.monotonic()
            try:
                self.tick()
            except Unavailable:
                log.warning("the database is away")
            except Exception:
                log.exception("a sweep failed; the next one follows")
            stop.wait(max(0.0, TICK - (time.monotonic() - began)))
        self._hands.stop()

    def tick(self) -> None:
        """One sweep: short transactions first, then the hints.

        Only after all of them it says that it is alive: one that fails at each tick has to be noticed.
        """
        db = self._desk.db
        with db.transaction() as session:
            now = db.now(session)
            expire(session, now)
            self._reaper.reap(session, now)
        run_due(self._desk)
        with db.transaction() as session:
            now = db.now(session)
            hints: list[AnyHint] = [*nudge(session, now), *errands.nudge(session, now)]
            late = unheard(session, now)
            beat(session, now - db.offset)
        self._pass_on([*self._unsaid, *hints])
        for hint in late:
            self._hands.take(hint)

    def _pass_on(self, hints: Sequence[AnyHint]) -> None:
        for at, hint in enumerate(hints):
            if not self._published(hint):
                self._unsaid = self._do_here(hints[at:])
                return
        self._unsaid = ()

    def _published(self, hint: AnyHint) -> bool:
        try:
            self._publish(hint)
        except Exception as error:  # kombu lets errors of several libraries through
            self._failing_since = self._failing_since or time.monotonic()
            log.warning("Redis does not take hints: %s", type(error).__name__)
            return False
        self._failing_since = None
        return True

    def _do_here(self, hints: Sequence[AnyHint]) -> Sequence[AnyHint]:
        """By our own hands, once Redis has been away for a while; those that are left for later."""
        if self._failing_since is None or time.monotonic() - self._failing_since < self._patience:
            return hints
        for hint in hints:
            self._hands.take(hint)
        return ()
