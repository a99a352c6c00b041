"""Events of feeds as they were last written: a feed of thousands is put together, not written anew."""

from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import NamedTuple
from uuid import UUID

MOST = 40_000
"""Events that one process keeps, of half a kilobyte each."""


class Key(NamedTuple):
    """All that decides how a visit is written: its row's version, and those of what else is said of it."""

    visit: UUID
    version: int
    style: object


class Written:
    """Of one process. The events that were used last stay."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._known: dict[Key, bytes] = {}
        self._lock = Lock()

    def events(
        self, keys: Sequence[Key], write: Callable[[Sequence[Key]], Mapping[Key, bytes]]
    ) -> list[bytes]:
        """One for each key, in their order; `write` is asked for those that are not known."""
        with self._lock:
            found = {key: self._known[key] for key in keys if key in self._known}
        if missing := [key for key in keys if key not in found]:
            found |= write(missing)
        with self._lock:
            self._keep(found)
        return [found[key] for key in keys]

    def _keep(self, used: Mapping[Key, bytes]) -> None:
        for key in used:
            self._known.pop(key, None)
        self._known |= used
        for key in [*self._known][: -self._most]:
            del self._known[key]
