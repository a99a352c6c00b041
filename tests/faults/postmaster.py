"""The mail server of the rehearsal: it keeps each mail that it accepted, and misbehaves when told to."""

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from tests.smtp import CUT, DEFAULTS, ScriptedServer, Step

ACCEPTED = ("250", CUT)
"""Answers to the final dot of a server that has the mail: whoever hangs up then has it, too."""
FORGET = "<forget>"
"""Hang up at the final dot, and have nothing: to its sender it looks as if it were CUT."""
PACE = 0.01
"""Seconds that the server takes for a mail, so that there is always one on its way."""
_HEADER = re.compile(rb"^Message-ID:\s*<([^>@]+)@", re.I | re.M)
_TO = re.compile(rb"^To:\s*<?([^<>\s]+)", re.I | re.M)


class Moment(StrEnum):
    """Of one mail on the wire."""

    DATA = "data"
    """The server has asked for the content."""
    DOT = "dot"
    """It has the mail, and has not said so."""
    ANSWER = "answer"
    """It says so next."""


@dataclass(frozen=True)
class Receipt:
    """A mail as it came; they are kept in the order of their final dots."""

    content: bytes

    @cached_property
    def message_id(self) -> str:
        """Without the domain, as the row has it."""
        found = _HEADER.search(self.content)
        assert found, "a mail without Message-ID"
        return found[1].decode()

    @cached_property
    def recipient(self) -> str:
        found = _TO.search(self.content)
        assert found, "a mail to nobody"
        return found[1].decode()


Watcher = Callable[[int], None]
"""Is told the client's port, while the conversation waits."""


class Postmaster(ScriptedServer):
    """A context manager, like its parent."""

    def __init__(self) -> None:
        super().__init__()
        self.receipts: list[Receipt] = []
        """Of what it accepted."""
        self.forgotten: list[Receipt] = []
        self.pace = PACE
        self._watchers: dict[Moment, Watcher] = {}
        self._one = threading.Lock()

    @contextmanager
    def playing(self, **script: Step) -> Iterator[None]:
        """For a while it answers so; `dot` is the answer to the final dot."""
        given = {("." if step == "dot" else step): answer for step, answer in script.items()}
        self._steps = {**DEFAULTS, **given}
        try:
            yield
        finally:
            self._steps = dict(DEFAULTS)

    @contextmanager
    def pausing(self, seconds: float) -> Iterator[None]:
        """Between each final dot and its answer."""
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

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Nothing listens on its port, and nobody is connected any more."""
        for each in (self._listener, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._thread.join()
        try:
            yield
        finally:
            self._open.clear()
            self._listener = socket.create_server(("127.0.0.1", self.port))
            self._thread = threading.Thread(target=self._accept, daemon=True)
            self._thread.start()

    def _say(self, connection: socket.socket, key: str) -> str:
        if key == "DATA":
            self._show(Moment.DATA, connection)
        return super()._say(connection, key)

    def _answer(self, connection: socket.socket, content: bytes) -> None:
        self._show(Moment.DOT, connection)
        answer = self._next(".")
        if answer == FORGET:
            self.forgotten.append(Receipt(content))
        elif answer.startswith(ACCEPTED):
            self.receipts.append(Receipt(content))
        time.sleep(self.pace)
        self._show(Moment.ANSWER, connection)
        self._speak(connection, CUT if answer == FORGET else answer)

    def _show(self, moment: Moment, connection: socket.socket) -> None:
        with self._one:
            watcher = self._watchers.get(moment)
            if watcher:
                watcher(connection.getpeername()[1])
