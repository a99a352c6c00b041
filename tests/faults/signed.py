"""Servers of the rehearsal that believe nobody who does not sign, a text gateway and a program that hears of
visits: they keep what they took, and misbehave when told to."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import Any, Self

from standardwebhooks.webhooks import Webhook

from tests.faults.wires import Moment, Receipt, Watched
from tests.web import QuietServer

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"
TAKEN, CUT = 202, 0
"""Answers: a status, or hanging up."""


class SignedServer(Watched):
    """A context manager. It keeps connections."""

    def __init__(self, recipient: Callable[[Mapping[str, Any]], str]) -> None:
        """`recipient`: whom it is for, by what is said."""
        super().__init__()
        self.secret = SECRET
        self._recipient = recipient
        self.receipts: list[Receipt] = []
        """Of what it has, in the order in which it came."""
        self.unsigned = 0
        self._answer = TAKEN
        self._takes = True
        self._port = 0
        self._open: list[socket.socket] = []

    def __enter__(self) -> Self:
        self._listen()
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    @property
    def host(self) -> str:
        """And its port."""
        return f"127.0.0.1:{self._port}"

    @contextmanager
    def answering(self, status: int, *, takes: bool = False) -> Iterator[None]:
        """For a while, and whether it has what was said all the same."""
        self._answer, self._takes = status, takes
        try:
            yield
        finally:
            self._answer, self._takes = TAKEN, True

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Nothing listens on its port, and nobody is connected any more."""
        self._close()
        try:
            yield
        finally:
            self._listen()

    def take(self, connection: socket.socket, headers: dict[str, str], body: bytes) -> int:
        """What to answer; `headers` by their names in small letters."""
        if not self._is_signed(headers, body):
            self.unsigned += 1
            return 401
        answer, takes = self._answer, self._takes
        self.show(Moment.DOT, connection)
        if takes:
            self.receipts.append(Receipt(body, headers["webhook-id"], self._recipient(json.loads(body))))
        time.sleep(self.pace)
        self.show(Moment.ANSWER, connection)
        return answer

    def _is_signed(self, headers: dict[str, str], body: bytes) -> bool:
        """Whenever it was: the clock of a rehearsal leaps while something is on its way."""
        at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        signed = Webhook(self.secret).sign(headers["webhook-id"], at, body.decode())
        return headers["webhook-signature"] == signed

    def _listen(self) -> None:
        self._server = QuietServer(("127.0.0.1", self._port), _handler(self, self._open))
        self._server.daemon_threads = True
        self._port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def _close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._open.clear()


def _handler(server: SignedServer, connected: list[socket.socket]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # it keeps connections, as gateways do

        def setup(self) -> None:
            super().setup()
            connected.append(self.connection)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status = server.take(self.connection, headers, body)
            if status == CUT:
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler
