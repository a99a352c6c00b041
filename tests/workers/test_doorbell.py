"""Ringing never takes time, whatever Redis does."""

import json
import logging
import time
from base64 import b64decode
from pathlib import Path

import pytest
from redis import Redis

from scheduler.domain.messages import ErrandHint, Hint, Queue
from scheduler.embedded.redis import EmbeddedRedis
from tests.processes import eventually
from tests.workers.conftest import NOBODY
from workers.doorbell import SILENCE, WAITING, Publisher, QueueDoorbell
from workers.queues import DELIVER, ERRAND, HINT_LIVES

HINT = Hint(7, Queue.URGENT)


@pytest.fixture
def broker(redis: str) -> Redis:
    """The same Redis as others see it, with nothing in it."""
    client = Redis.from_url(redis)
    client.flushall()
    return client


def waiting(broker: Redis, queue: Queue) -> int:
    return int(broker.llen(queue))


def assert_never_waits(address: str) -> None:
    bell, took = QueueDoorbell(address), []
    for number in range(3 * WAITING):
        began = time.perf_counter()
        bell.ring([Hint(number, Queue.URGENT)])
        took.append(time.perf_counter() - began)
    slow = sum(each > 0.005 for each in took)
    assert slow < len(took) / 100, "a busy machine may take a thread's turn, but nothing waits for Redis"


def test_a_hint_lands_in_its_queue(redis: str, broker: Redis) -> None:
    QueueDoorbell(redis).ring([HINT, Hint(8, Queue.BULK), Hint(9, Queue.URGENT)])
    assert eventually(lambda: waiting(broker, Queue.URGENT) == 2 and waiting(broker, Queue.BULK) == 1)


def test_a_hint_holds_a_number_and_nothing_else(redis: str, broker: Redis) -> None:
    Publisher(redis).publish(HINT)
    (raw,) = broker.lrange(Queue.URGENT, 0, -1)
    envelope = json.loads(raw)
    arguments, named, _ = json.loads(b64decode(envelope["body"]))
    assert (arguments, named) == ([7], {})
    assert envelope["headers"]["task"] == DELIVER
    assert envelope["content-type"] == "application/json"
    assert envelope["headers"]["expires"], f"it vanishes after {HINT_LIVES} s"
    assert envelope["headers"]["eta"] is None


def test_an_errand_goes_to_the_queue_of_slow_servers(redis: str, broker: Redis) -> None:
    Publisher(redis).publish(ErrandHint("poll", "one"))
    (raw,) = broker.lrange(Queue.CALENDAR, 0, -1)
    envelope = json.loads(raw)
    assert envelope["headers"]["task"] == ERRAND
    assert json.loads(b64decode(envelope["body"]))[0] == ["poll", "one"]
    broker.flushall()


def test_ringing_with_nobody_there_takes_no_time() -> None:
    assert_never_waits(NOBODY)


def test_ringing_at_a_redis_that_says_nothing_takes_no_time(hung: str) -> None:
    assert_never_waits(hung)


def test_ringing_at_a_redis_that_takes_no_connection_takes_no_time(full: str) -> None:
    assert_never_waits(full)


def test_ringing_at_a_redis_that_answers_takes_no_time(redis: str, broker: Redis) -> None:
    assert_never_waits(redis)
    broker.flushall()


def test_what_does_not_fit_is_dropped_without_a_word(hung: str, caplog: pytest.LogCaptureFixture) -> None:
    bell = QueueDoorbell(hung)
    with caplog.at_level(logging.WARNING):
        bell.ring([Hint(number, Queue.URGENT) for number in range(5 * WAITING)])
    assert bell._hints.qsize() <= WAITING
    assert len(caplog.records) <= 1


def test_publishing_gives_up_quickly(hung: str, full: str) -> None:
    for address in (NOBODY, hung, full):
        publisher, began = Publisher(address), time.monotonic()
        with pytest.raises(Exception, match=r"."):
            publisher.publish(HINT)
        assert time.monotonic() - began < 1.5, address


def test_after_redis_came_back_hints_arrive_again(tmp_path: Path) -> None:
    server = EmbeddedRedis(tmp_path / "redis")
    bell = QueueDoorbell(server.start())
    with server:
        bell.ring([HINT])
        client = Redis.from_url(server.url)
        assert eventually(lambda: waiting(client, Queue.URGENT) == 1)
        server.stop()
        bell.ring([HINT])
        time.sleep(0.3)
        server.start()
        began = time.monotonic()

        def rings() -> bool:
            bell.ring([HINT])
            return waiting(client, Queue.URGENT) > 0

        assert eventually(rings)
        assert time.monotonic() - began < SILENCE + 3
