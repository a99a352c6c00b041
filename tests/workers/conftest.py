"""Servers that do not answer, each in its own way."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from sqlalchemy import text

from scheduler.bootstrap import Runtime
from tests.cast import at, wish
from tests.conftest import serving

NOBODY = "redis://127.0.0.1:1/0"
"""Where nothing listens."""


@pytest.fixture
def hung() -> Iterator[str]:
    """The address of a Redis that takes connections and says nothing."""
    listener = socket.create_server(("127.0.0.1", 0))
    taken: list[socket.socket] = []

    def take() -> None:
        with suppress(OSError):
            while True:
                taken.append(listener.accept()[0])

    thread = threading.Thread(target=take, daemon=True)
    thread.start()
    yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(timeout=2)
    for each in taken:
        each.close()


@pytest.fixture
def full() -> Iterator[str]:
    """The address of a Redis that does not even take connections any more."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(address)
        yield f"redis://127.0.0.1:{address[1]}/0"
        for each in waiting:
            each.close()


@pytest.fixture
def book(run: Runtime) -> Callable[[int], None]:
    """Books that many visits, whose messages have waited for a while already."""

    def booked(count: int) -> None:
        client = serving(run).test_client()
        for number in range(count):
            start = at(2 + number // 16, 9 + number % 16 // 2, 30 * (number % 2))
            assert client.post("/v1/visits", json=wish(start, number)).status_code == 201
        with run.db.transaction() as session:
            session.execute(text("UPDATE messages SET created_at = created_at - interval '1 minute'"))

    return booked
