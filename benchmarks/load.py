"""A small HTTP client that costs little: keep-alive, raw sockets, one thread a client."""

import socket
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

RENEWED = 20
"""Requests of a connection. gunicorn's workers take what comes as they find time: of eight connections that
stayed, one worker may have eight and the other none, and then half of the machine idles."""


@dataclass(frozen=True, slots=True)
class Measured:
    per_second: float
    p50: float
    p95: float
    """Milliseconds."""
    statuses: dict[int, int]

    @property
    def line(self) -> str:
        return f"{self.per_second:,.0f}/s, p50 {self.p50:.1f} ms, p95 {self.p95:.1f} ms, {self.statuses}"


def middle(rounds: Sequence[Measured]) -> Measured:
    """The median of several rounds, in each figure."""
    return Measured(
        statistics.median(each.per_second for each in rounds),
        statistics.median(each.p50 for each in rounds),
        statistics.median(each.p95 for each in rounds),
        dict(sum((Counter(each.statuses) for each in rounds), Counter())),
    )


class Connection:
    def __init__(self, port: int) -> None:
        self._port = port
        self._open()

    def _open(self) -> None:
        self._left = RENEWED
        self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""

    def send(self, request: bytes) -> tuple[int, bytes]:
        """Status and body."""
        if not self._left:
            self.close()
            self._open()
        self._left -= 1
        self._socket.sendall(request)
        while b"\r\n\r\n" not in self._buffer:
            self._buffer += self._read()
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        fields = head.lower()
        if b"connection: close" in fields:
            self._left = 0
        length = int(fields.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        parts, have = [self._buffer], len(self._buffer)
        while have < length:
            parts.append(self._read())
            have += len(parts[-1])
        whole = b"".join(parts)
        self._buffer = whole[length:]
        return int(head[9:12]), whole[:length]

    def _read(self) -> bytes:
        chunk = self._socket.recv(262_144)
        if not chunk:
            raise ConnectionError("the server closed the connection")
        return chunk

    def close(self) -> None:
        self._socket.close()


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def post(path: str, body: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def measure(port: int, requests: Callable[[], bytes | None], clients: int, seconds: float) -> Measured:
    """Load for some seconds, or until `requests` gives None; it is called under a lock."""
    lock = threading.Lock()
    times: list[float] = []
    statuses: dict[int, int] = {}
    stop_at = time.monotonic() + seconds

    def client() -> None:
        connection = Connection(port)
        while time.monotonic() < stop_at:
            with lock:
                request = requests()
            if request is None:
                break
            began = time.monotonic()
            status, _body = connection.send(request)
            took = time.monotonic() - began
            with lock:
                times.append(took * 1000)
                statuses[status] = statuses.get(status, 0) + 1
        connection.close()

    threads = [threading.Thread(target=client) for _ in range(clients)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - began
    cuts = statistics.quantiles(times, n=20)
    return Measured(len(times) / took, statistics.median(times), cuts[18], statuses)
