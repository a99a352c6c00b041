"""Who does not answer is left alone for a while, so that one silent host does not hold up all others."""

import threading
from collections.abc import Hashable
from time import monotonic

from scheduler.channels.outcome import Outcome, Verdict

SILENT = 3
"""So many tries in a row without an answer are enough."""
REST = 1 / 4
"""The part of a lease for which it is left alone: 30 s. Then one message may try again."""


class Breakers:
    """Of one process, by host. Safe to share between threads."""

    def __init__(self, rest: float = 30) -> None:
        """`rest` in seconds."""
        self._rest = rest
        self._lock = threading.Lock()
        self._silences: dict[Hashable, int] = {}
        self._until: dict[Hashable, float] = {}

    def rest(self, host: Hashable) -> float:
        """Seconds for which nobody is to ask it; 0 for the one who may, who counts as the only one."""
        with self._lock:
            if self._silences.get(host, 0) < SILENT:
                return 0
            left = self._until[host] - monotonic()
            if left <= 0:
                self._until[host] = monotonic() + self._rest
            return max(0, left)

    def note(self, host: Hashable, outcome: Outcome) -> None:
        """What came of a try. One that ended before the host was asked says nothing of it."""
        with self._lock:
            if outcome.answered:
                self._silences.pop(host, None)
            elif outcome.verdict in (Verdict.LATER, Verdict.UNKNOWN):
                self._silences[host] = self._silences.get(host, 0) + 1
                self._until[host] = monotonic() + self._rest
