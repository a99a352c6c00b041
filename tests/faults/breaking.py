"""How a process, a server or a wire is broken: each is a context in which it is."""

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scheduler.domain.messages import Queue
from tests.faults.parts import Part, process_behind
from tests.faults.postmaster import FORGET
from tests.faults.stack import Stack, kill_redis, postgres_pid, redis_pid
from tests.faults.wires import Moment, Watched
from tests.processes import eventually

FAKETIME = [str(each) for each in Path("/usr/lib").glob("*/faketime/libfaketime.so.1")]
CATCHING = 90.0
"""Seconds for which we wait for somebody who sends or books: processes start slowly on a busy machine."""
HANDED_OVER = "SELECT 1 FROM messages WHERE state = 'handoff' AND claimed_by LIKE :by LIMIT 1"
SLOWLY = 1 / 24
"""The part of a lease that a slow server takes for its answer: half of what a worker keeps for it."""
Strike = Callable[[int], None]
"""What is done to a process, by its id."""
Server = Callable[[Stack], Watched]
"""Which of them is watched."""


def mail(stack: Stack) -> Watched:
    return stack.smtp


def texts(stack: Stack) -> Watched:
    return stack.texts


def program(stack: Stack) -> Watched:
    return stack.program


class Hunter:
    """Strikes a worker's process that is in the midst of a message, so many times.

    A sweeper sends too, what was due for long and nobody took; but it has several mails in hand at once.
    """

    def __init__(self, workers: Collection[int], strike: Strike, times: int) -> None:
        self._workers = workers
        self._strike = strike
        self.left = times

    def __call__(self, port: int) -> None:
        pid = process_behind(port) if self.left else None
        if pid is not None and os.getpgid(pid) in self._workers:
            self.left -= 1
            self._strike(pid)


@contextmanager
def struck(stack: Stack, moment: Moment, strike: Strike, times: int = 1, at: Server = mail) -> Iterator[None]:
    hunter = Hunter([each.pid for each in stack.workers], strike, times)
    with at(stack).watched(moment, hunter):
        yield
        assert stack.let_pass(lambda: hunter.left == 0, CATCHING), "nobody was sending"


def child_killed(moment: Moment, at: Server = mail) -> Callable[[Stack], Iterator[None]]:
    """One of a worker's processes, and a moment later one more; their parent starts others."""

    def breaks(stack: Stack) -> Iterator[None]:
        with struck(stack, moment, lambda pid: os.kill(pid, signal.SIGKILL), times=2, at=at):
            yield

    return breaks


def worker_killed(stack: Stack) -> Iterator[None]:
    """A worker with all its processes: it gets the answer, and does not live to read it."""

    def strike(pid: int) -> None:
        os.kill(pid, signal.SIGSTOP)
        threading.Timer(0.2, os.killpg, (os.getpgid(pid), signal.SIGKILL)).start()

    with struck(stack, Moment.ANSWER, strike):
        yield


def worker_frozen(moment: Moment) -> Callable[[Stack], Iterator[None]]:
    """With all its processes, wherever these are in mails of their own."""
    return _frozen(moment, lambda pid: -os.getpgid(pid))


def child_frozen(moment: Moment, at: Server = mail) -> Callable[[Stack], Iterator[None]]:
    """One of a worker's processes alone."""
    return _frozen(moment, lambda pid: pid, at)


def _frozen(
    moment: Moment, whom: Callable[[int], int], at: Server = mail
) -> Callable[[Stack], Iterator[None]]:
    """For longer than the lease; then it goes on as if nothing had been."""

    def breaks(stack: Stack) -> Iterator[None]:
        frozen: list[int] = []

        def freeze(pid: int) -> None:
            frozen.append(whom(pid))
            os.kill(frozen[-1], signal.SIGSTOP)

        with struck(stack, moment, freeze, at=at):
            yield
        time.sleep(stack.lease + 2)
        for each in frozen:
            os.kill(each, signal.SIGCONT)

    return breaks


def all_asked_to_end(stack: Stack) -> Iterator[None]:
    """Everybody who sends, as an update does it, while a slow server has a mail and has not said so."""
    senders = [*stack.workers, *stack.sweepers]

    def strike(_: int) -> None:
        for each in senders:
            each.ask_to_end()

    with stack.smtp.pausing(SLOWLY * stack.lease), struck(stack, Moment.DOT, strike):
        yield
    for each in senders:
        each.stop()


def sweepers_killed(stack: Stack) -> Iterator[None]:
    """One, and then the other one too."""
    first, second = stack.sweepers
    _kill_between_mails(stack, first)
    yield
    _kill_between_mails(stack, second)


def _kill_between_mails(stack: Stack, sweeper: Part) -> None:
    """It sends too, what was due for long and nobody took: not while a final dot of its own is unanswered."""

    def killed() -> bool:
        sweeper.signal(signal.SIGSTOP)
        if stack.rehearsal.ask(HANDED_OVER, by=f"%:{sweeper.pid}"):
            sweeper.signal(signal.SIGCONT)
            return False
        sweeper.kill()
        return True

    assert eventually(killed, CATCHING), "it never paused"


def api_killed_before_commit(stack: Stack) -> Iterator[None]:
    """Whoever books waits for a lock, and is dead before they get it."""
    with stack.rehearsal.holding("LOCK TABLE visit_events IN SHARE MODE"):
        yield
        assert eventually(lambda: stack.rehearsal.waiting("Lock"), CATCHING), "nobody booked"
        stack.api.kill()


def api_killed_after_commit(stack: Stack) -> Iterator[None]:
    """Whoever books has committed and waits for a second server to have it, too, which there is not."""
    stack.rehearsal.configure("synchronous_standby_names", "nobody")
    try:
        yield
        assert eventually(lambda: stack.rehearsal.waiting("SyncRep"), CATCHING), "nobody booked"
        stack.api.kill()
    finally:
        stack.rehearsal.configure("synchronous_standby_names", "")


def redis_flushed(stack: Stack) -> Iterator[None]:
    with again_and_again(stack.broker.flushall):
        yield


def redis_killed(stack: Stack) -> Iterator[None]:
    kill_redis(stack)
    yield


def redis_hung(stack: Stack) -> Iterator[None]:
    pid = redis_pid(stack)
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def redis_half_open(stack: Stack) -> Iterator[None]:
    stack.wire.cut()
    yield


def redis_full(stack: Stack) -> Iterator[None]:
    stack.broker.config_set("maxmemory", 1)
    try:
        yield
    finally:
        stack.broker.config_set("maxmemory", 0)


def hints_doubled(stack: Stack) -> Iterator[None]:
    """Each message of each queue is put there a second time."""
    seen: set[str] = set()

    def repeat(monitor: Any) -> None:
        for each in monitor.listen():
            verb, queue, hint = [*str(each["command"]).split(" ", 2), "", ""][:3]
            if verb == "ECHO":
                return
            if verb == "LPUSH" and queue in set(Queue) and hint not in seen:
                seen.add(hint)
                stack.broker.lpush(queue, hint)

    with stack.broker.monitor() as monitor:  # type: ignore[no-untyped-call]
        listener = threading.Thread(target=repeat, args=(monitor,))
        listener.start()
        yield
        passed = stack.let_pass(lambda: bool(seen), CATCHING)
        stack.broker.echo("that was all")
        listener.join()
    assert passed, "nothing went through a queue"


def postgres_restarted(stack: Stack) -> Iterator[None]:
    """Without a word to anybody, twice."""
    for last in (False, True):
        os.kill(postgres_pid(stack), signal.SIGQUIT)
        assert eventually(lambda: stack.postgres.poll() is not None)
        stack.postgres.start()
        if not last:
            yield


def connections_dropped(stack: Stack) -> Iterator[None]:
    with again_and_again(stack.rehearsal.drop_connections):
        yield


def mail_forgotten(stack: Stack) -> Iterator[None]:
    """The server hangs up at the final dot and has nothing, until that has befallen some mail twice."""

    def twice() -> bool:
        return 2 in Counter(each.message_id for each in stack.smtp.forgotten).values()

    with stack.smtp.playing(dot=FORGET):
        yield
        assert stack.let_pass(twice, CATCHING), "nothing was tried again"


def clock_ahead(stack: Stack) -> Iterator[None]:
    """Of the machine that one of the workers is on, by two hours."""
    ahead = {"LD_PRELOAD": FAKETIME[0], "FAKETIME": "+2h", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    stack.workers[1].stop()
    stack.workers[1].start(ahead)
    assert eventually(stack.workers[1].has_children, CATCHING), "it does not start"
    yield
    stack.workers[1].stop()


@contextmanager
def again_and_again(act: Callable[[], object], every: float = 0.2) -> Iterator[None]:
    over = threading.Event()

    def run() -> None:
        while not over.wait(every):
            act()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
