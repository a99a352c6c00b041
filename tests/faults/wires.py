"""What servers of the rehearsal have in common: what they took, and somebody who watches their wires."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

PACE = 0.01
"""Seconds that a server takes for a message, so that there is always one on its way."""


class Moment(StrEnum):
    """Of one message on the wire."""

    DATA = "data"
    """The server has asked for the content."""
    DOT = "dot"
    """It has the message, and has not said so."""
    ANSWER = "answer"
    """It says so next."""


@dataclass(frozen=True)
class Receipt:
    """A message as it came; they are kept in the order in which they came."""

    content: bytes
    message_id: str
    """As the row has it."""
    recipient: str
    """An address, or a number."""


Watcher = Callable[[int], None]
"""Is told the client's port, while the conversation waits."""


class Watched:
    """One watcher for each moment, and one conversation at a time is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.pace = PACE
        self._watchers: dict[Moment, Watcher] = {}
        self._one = threading.Lock()

    @contextmanager
    def pausing(self, seconds: float) -> Iterator[None]:
        """Between each message and its answer."""
        self.pace = seconds
        try:
            yield
        finally:
            self.pace = PACE

    @contextmanager
    def watched(self, moment: Moment, watcher: Watcher) -> Iterator[None]:
        self._watchers[moment] = watcher
        try:
            yield
        finally:
            del self._watchers[moment]

    def show(self, moment: Moment, connection: socket.socket) -> None:
        with self._one:
            watcher = self._watchers.get(moment)
            if watcher:
                watcher(connection.getpeername()[1])
