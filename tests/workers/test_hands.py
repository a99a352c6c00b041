"""While Redis is away: what is urgent waits for nothing else."""

import threading
import time
from collections.abc import Iterator

import pytest

from scheduler.domain.messages import ErrandHint, Hint, Queue
from tests.processes import eventually
from workers.hands import HANDS, Hands
from workers.queues import AnyHint


class Slow:
    """Notes what it did; whatever is not urgent waits until it may go on."""

    def __init__(self) -> None:
        self.began: list[AnyHint] = []
        self.done: list[AnyHint] = []
        self.go_on = threading.Event()

    def do(self, hint: AnyHint) -> None:
        self.began.append(hint)
        if isinstance(hint, ErrandHint) or hint.queue is not Queue.URGENT:
            self.go_on.wait(10)
        self.done.append(hint)


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
def hands(slow: Slow) -> Iterator[Hands]:
    hands = Hands(slow.do)
    yield hands
    slow.go_on.set()
    hands.stop()


def test_what_is_urgent_waits_for_no_reminder_and_for_no_server_elsewhere(slow: Slow, hands: Hands) -> None:
    for number in range(1_000):
        hands.take(Hint(number, Queue.BULK))
        hands.take(Hint(5_000 + number, Queue.HOOKS))
        hands.take(ErrandHint("poll", str(number)))
    began = time.monotonic()
    hands.take(Hint(9_999, Queue.URGENT))
    assert eventually(lambda: Hint(9_999, Queue.URGENT) in slow.done, 2)
    assert time.monotonic() - began < 1
    assert len(slow.began) == 3 * HANDS + 1


def test_a_hint_that_waits_is_not_taken_twice_but_again_once_it_was_begun(slow: Slow, hands: Hands) -> None:
    busy = [Hint(number, Queue.BULK) for number in range(HANDS)]
    for each in (*busy, Hint(7, Queue.BULK), Hint(7, Queue.BULK)):
        hands.take(each)
    assert eventually(lambda: len(slow.began) == HANDS)
    hands.take(busy[0])
    slow.go_on.set()
    assert eventually(lambda: len(slow.done) == HANDS + 2)
    assert sorted(slow.done) == sorted([*busy, busy[0], Hint(7, Queue.BULK)])


def test_one_that_fails_keeps_no_other_from_its_turn() -> None:
    done: list[AnyHint] = []

    def do(hint: AnyHint) -> None:
        if hint == ErrandHint("fail", "1"):
            raise ZeroDivisionError
        done.append(hint)

    hands = Hands(do)
    for row in ("1", "2"):
        hands.take(ErrandHint("fail", row))
    assert eventually(lambda: done == [ErrandHint("fail", "2")])
    hands.stop()


def test_who_stops_finishes_what_was_begun_and_nothing_else(slow: Slow) -> None:
    hands = Hands(slow.do)
    for number in range(10):
        hands.take(Hint(number, Queue.BULK))
    assert eventually(lambda: len(slow.began) == HANDS)
    threading.Timer(0.2, slow.go_on.set).start()
    hands.stop()
    assert len(slow.done) == HANDS
