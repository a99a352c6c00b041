"""The mail server of the rehearsal: it keeps each mail that it accepted, and misbehaves when told to."""

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.faults.wires import Moment, Receipt, Watched
from tests.smtp import CUT, DEFAULTS, ScriptedServer, Step

ACCEPTED = ("250", CUT)
"""Answers to the final dot of a server that has the mail: whoever hangs up then has it, too."""
FORGET = "<forget>"
"""Hang up at the final dot, and have nothing: to its sender it looks as if it were CUT."""
_HEADER = re.compile(rb"^Message-ID:\s*<([^>@]+)@", re.I | re.M)
_TO = re.compile(rb"^To:\s*<?([^<>\s]+)", re.I | re.M)


def receipt_of(content: bytes) -> Receipt:
    """Of a mail as it came: the Message-ID without the domain, as the row has it."""
    found = _HEADER.search(content), _TO.search(content)
    assert found[0] and found[1], "a mail without Message-ID, or to nobody"
    return Receipt(content, found[0][1].decode(), found[1][1].decode())


class Postmaster(Watched, ScriptedServer):
    """A context manager, like its parents."""

    def __init__(self) -> None:
        super().__init__()
        self.receipts: list[Receipt] = []
        """Of what it accepted."""
        self.forgotten: list[Receipt] = []

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
            self.show(Moment.DATA, connection)
        return super()._say(connection, key)

    def _answer(self, connection: socket.socket, content: bytes) -> None:
        self.show(Moment.DOT, connection)
        answer = self._next(".")
        if answer == FORGET:
            self.forgotten.append(receipt_of(content))
        elif answer.startswith(ACCEPTED):
            self.receipts.append(receipt_of(content))
        time.sleep(self.pace)
        self.show(Moment.ANSWER, connection)
        self._speak(connection, CUT if answer == FORGET else answer)
