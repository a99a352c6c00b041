"""A socket under one deadline for everything that is said over it.

A socket's own timeout begins anew with each read: a server that drips a byte a second holds it for ever.
"""

import io
import select
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

Buffer = bytearray | memoryview
CHUNK = 16 * 1024
"""Bytes sent under one look at the clock; one TLS record."""


class Deadline:
    """A point on this host's monotonic clock."""

    def __init__(self, seconds: float) -> None:
        self.restart(seconds)

    def restart(self, seconds: float) -> None:
        self._until = monotonic() + seconds

    def left(self) -> float:
        """Seconds; raises TimeoutError where there are none."""
        left = self._until - monotonic()
        if left <= 0:
            raise TimeoutError("no time left")
        return left

    @contextmanager
    def at_most(self, seconds: float) -> Iterator[None]:
        """An earlier end for what is done inside."""
        until = self._until
        self._until = min(until, monotonic() + seconds)
        try:
            yield
        finally:
            self._until = until


class Reader(io.RawIOBase):
    """What comes in, each wait cut to what is left."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        super().__init__()
        self._sock = sock
        self._deadline = deadline
        self.resting = False
        """Read nothing more: a buffer above this one gives what it already has."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int | None:  # type: ignore[override]
        if self.resting:
            return None
        self._sock.settimeout(self._deadline.left())
        return self._sock.recv_into(buffer)


def has_spoken(sock: socket.socket, received: io.BufferedReader) -> bool:
    """Whether something has come that was not read yet, be it the end."""
    reader = received.raw
    assert isinstance(reader, Reader)
    reader.resting = True
    buffered = received.peek(1)
    reader.resting = False
    ready = select.poll()
    ready.register(sock, select.POLLIN)
    return bool(buffered or ready.poll(0))


def dial(host: str, port: int, deadline: Deadline) -> socket.socket:
    """Each of the host's addresses in turn."""
    trouble: OSError = OSError("the mail server's name has no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(deadline.left())
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
        except OSError as error:
            sock.close()
            trouble = error
    raise trouble


def encrypt(sock: socket.socket, context: ssl.SSLContext, host: str, deadline: Deadline) -> ssl.SSLSocket:
    sock.settimeout(deadline.left())
    try:
        return context.wrap_socket(sock, server_hostname=host)
    except BaseException:
        sock.close()
        raise


def send(sock: socket.socket, content: bytes, deadline: Deadline) -> None:
    for at in range(0, len(content), CHUNK):
        sock.settimeout(deadline.left())
        sock.sendall(content[at : at + CHUNK])
