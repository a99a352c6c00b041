"""One call to the outside: the name looked up and checked, the connection, and the end of both."""

import queue
import socket
import threading
import time
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from types import TracebackType
from typing import Self

from scheduler.domain.destinations import is_loopback, is_public

Resolve = Callable[[str, int], Sequence[str]]
"""The IP addresses of a name, all of them. Raises OSError where there are none."""

CONNECT_WITHIN = 5.0
"""Seconds for one of a name's addresses."""


class Unreachable(Exception):
    """There is no answer to be had; `code` says why. Never holds the address: it may be a secret."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def resolve(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Errand:
    """A call under one deadline for everything: looking up, connecting, TLS, and each byte both ways.

    A socket's own timeout begins anew with each read, and a server that drips holds it for ever. So the
    connection is shut down from another thread when the time is over, whoever waits on it.
    """

    def __init__(self, seconds: float, resolve: Resolve, *, loopback: bool) -> None:
        self._until = time.monotonic() + seconds
        self._resolve = resolve
        self._loopback = loopback
        self._watched: socket.socket | None = None
        self._lock = threading.Lock()
        self.overdue = False
        self._clock = threading.Timer(seconds, self._cut)
        self._clock.daemon = True

    def __enter__(self) -> Self:
        self._clock.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._clock.cancel()
        with self._lock:
            if self._watched:
                self._watched.close()

    @property
    def is_over(self) -> bool:
        """Whether its time is. A socket's own timeout may say so just before the clock cuts it off."""
        return self.overdue or time.monotonic() >= self._until

    def left(self) -> float:
        """Seconds; raises Unreachable where there are none."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise Unreachable("timeout")
        return left

    def connect(self, host: str, port: int) -> socket.socket:
        """A connection to one of the addresses that were checked: the name is not looked up again."""
        trouble = Unreachable("no-connection")
        for address in self._checked(host, port):
            try:
                sock = socket.create_connection((address, port), min(CONNECT_WITHIN, self.left()))
            except OSError:
                continue
            self._watch(sock)
            sock.settimeout(self.left())
            return sock
        raise trouble

    def _checked(self, host: str, port: int) -> Sequence[str]:
        """All of a name's addresses, or none: whoever mixes them in has a reason."""
        addresses = self._looked_up(host, port)
        inside = self._loopback and all(map(is_loopback, addresses))
        if not inside and not all(is_public(ip_address(each)) for each in addresses):
            raise Unreachable("not-public")
        return addresses

    def _looked_up(self, host: str, port: int) -> Sequence[str]:
        """In a thread: the system's resolver takes its own time."""
        answers: queue.SimpleQueue[Sequence[str] | Exception] = queue.SimpleQueue()

        def ask() -> None:
            try:
                answers.put(self._resolve(host, port))
            except Exception as error:  # encodings that fail are no OSError
                answers.put(error)

        threading.Thread(target=ask, name="resolver", daemon=True).start()
        try:
            answer = answers.get(timeout=self.left())
        except queue.Empty:
            raise Unreachable("timeout") from None
        if isinstance(answer, Exception) or not answer:
            raise Unreachable("no-such-name")
        return answer

    def _watch(self, sock: socket.socket) -> None:
        """A second handle on the connection: TLS takes the first one away."""
        with self._lock:
            if self._watched:
                self._watched.close()
            self._watched = sock.dup()

    def _cut(self) -> None:
        with self._lock:
            self.overdue = True
            if self._watched:
                try:
                    self._watched.shutdown(socket.SHUT_RDWR)
                except OSError:
                    return  # it has ended already
