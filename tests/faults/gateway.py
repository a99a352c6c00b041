"""The text gateway of the rehearsal: it keeps each text that it took, and misbehaves when told to."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import Self

from standardwebhooks.webhooks import Webhook

from tests.faults.wires import Moment, Receipt, Watched
from tests.web import QuietServer

SECRET = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"
TAKEN, CUT = 202, 0
"""Answers: a status, or hanging up."""


class Gateway(Watched):
    """A context manager. It keeps connections, and believes nobody who does not sign."""

    def __init__(self) -> None:
        super().__init__()
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
    def url(self) -> str:
        return f"gateway+http://whsec_{SECRET}@127.0.0.1:{self._port}/texts"

    @contextmanager
    def answering(self, status: int, *, takes: bool = False) -> Iterator[None]:
        """For a while, and whether it has the text all the same."""
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
        if not _is_signed(headers, body):
            self.unsigned += 1
            return 401
        answer, takes = self._answer, self._takes
        self.show(Moment.DOT, connection)
        if takes:
            self.receipts.append(Receipt(body, headers["webhook-id"], json.loads(body)["to"]))
        time.sleep(self.pace)
        self.show(Moment.ANSWER, connection)
        return answer

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


def _is_signed(headers: dict[str, str], body: bytes) -> bool:
    """Whenever it was: the clock of a rehearsal leaps while a text is on its way."""
    at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    signed = Webhook(SECRET).sign(headers["webhook-id"], at, body.decode())
    return headers["webhook-signature"] == signed


def _handler(gateway: Gateway, connected: list[socket.socket]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # it keeps connections, as gateways do

        def setup(self) -> None:
            super().setup()
            connected.append(self.connection)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status = gateway.take(self.connection, headers, body)
            if status == CUT:
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler
