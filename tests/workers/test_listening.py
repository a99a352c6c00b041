"""Redis breaks while a worker has hints in its hands: afterwards it listens as before."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from scheduler.domain.messages import Hint, Queue
from scheduler.embedded.redis import EmbeddedRedis
from workers.doorbell import Publisher
from workers.queues import PATIENT, celery_app

log = logging.getLogger(__name__)

HINTS = 2
"""As many as a worker of two processes takes at a time."""


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    """A Redis that can be broken."""
    with EmbeddedRedis(tmp_path / "redis") as server:
        yield server


class Worker:
    """The way in which a worker takes hints, two at a time."""

    def __init__(self, url: str) -> None:
        self._connection = celery_app(url, PATIENT).connection_for_read()
        self._channel = self._connection.default_channel
        self._channel.basic_qos(0, HINTS, False)
        self._queue = self._connection.SimpleQueue(Queue.URGENT)

    def take(self) -> Any:
        return self._queue.get(timeout=5)

    def acknowledge(self, hint: Any) -> None:
        """As Celery does: it goes on where Redis does not hear it."""
        hint.ack_log_error(logger=log, errors=self._connection.connection_errors)

    @property
    def listens(self) -> bool:
        return bool(self._channel.qos.can_consume())


def test_a_worker_goes_on_listening_whatever_became_of_the_acknowledgements(broker: EmbeddedRedis) -> None:
    """Each that was lost took a hint's place for ever, and after two of them nothing was taken any more."""
    for number in range(HINTS):
        Publisher(broker.url).publish(Hint(number, Queue.URGENT))
    worker = Worker(broker.url)
    hints = [worker.take() for _ in range(HINTS)]
    assert not worker.listens
    broker.stop()
    for each in hints:
        worker.acknowledge(each)
    assert worker.listens


def test_a_worker_takes_hints_from_a_redis_that_is_full(broker: EmbeddedRedis) -> None:
    """It wrote down there what it had taken, was refused, and ended."""
    Publisher(broker.url).publish(Hint(1, Queue.URGENT))
    worker = Worker(broker.url)
    Redis.from_url(broker.url).config_set("maxmemory", 1)
    hint = worker.take()
    assert hint.payload[0] == [1]
    worker.acknowledge(hint)  # or it would be given back at the end of all tests, to a Redis that is gone
