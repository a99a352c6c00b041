"""Thousands of reminders due at the same minute, and somebody who books meanwhile.

python -m benchmarks.reminders

Real workers, one sweeper and a mail server on this machine. Says how many a second are drained from row to
`sent`, how long a confirmation takes meanwhile, and what the workers' memory does.
"""

import itertools
import json
import re
import statistics
import threading
import time
from contextlib import ExitStack, suppress
from datetime import timedelta

import psutil  # type: ignore[import-untyped]
import psycopg

from benchmarks.load import Connection
from benchmarks.rows import MADE, add_due
from benchmarks.stack import Stack, running, stack
from benchmarks.wishes import book_all, wishes
from tests.smtp import ScriptedServer

BURST, LONG = 10_000, 20_000
VISITS = 250
WAIT = timedelta(seconds=15)
"""Until they are due: workers are up by then."""
MARKS = (2_000, 10_000, 20_000)
_TO = re.compile(rb"^To: .*?([\w.]+@patients\.example)", re.M)


class Inbox(ScriptedServer):
    """Knows when the first mail to an address came, and keeps none."""

    def __init__(self) -> None:
        super().__init__()
        self.came: dict[str, float] = {}

    def _receive(self, connection: object, lines: object) -> None:
        super()._receive(connection, lines)  # type: ignore[arg-type]
        found = _TO.search(self.messages.pop())
        if found:
            self.came.setdefault(found[1].decode(), time.monotonic())
        self.commands.clear()


class Booker(threading.Thread):
    """Books twice a second, and notes how long each confirmation took from the answer on."""

    def __init__(self, run: Stack, inbox: Inbox, asked: "itertools.islice[bytes]") -> None:
        super().__init__(daemon=True)
        self._run, self._inbox, self._asked = run, inbox, asked
        self.over = threading.Event()
        self.answered: dict[str, float] = {}

    def run(self) -> None:
        connection = Connection(self._run.port)
        for wish in self._asked:
            if self.over.wait(0.5):
                return
            address = json.loads(wish.partition(b"\r\n\r\n")[2])["patient"]["email"]
            status, said = connection.send(wish)
            assert status == 201, said
            self.answered[address] = time.monotonic()

    def waits(self) -> list[float]:
        """Seconds; those whose mail never came count for the time until now."""
        now = time.monotonic()
        return [max(0.0, self._inbox.came.get(each, now) - at) for each, at in self.answered.items()]


def main() -> None:
    with ExitStack() as started:
        inbox = started.enter_context(Inbox())
        run = started.enter_context(stack(inbox.url()))
        asked = wishes(run.port)
        book_all(Connection(run.port), itertools.islice(asked, VISITS))
        for command in (["work", "urgent"], ["work", "bulk", "hooks", "calendar"], ["sweep"]):
            started.enter_context(running(run.environment, "-m", "scheduler.cli", *command))
        with psycopg.connect(run.database_url.replace("+psycopg", ""), autocommit=True) as connection:
            _wait_for(connection, "kind = 'confirmed' AND state <> 'sent'", 0)
            add_due(connection, LONG, WAIT)
            _measure(run, inbox, connection, itertools.islice(asked, 2_000))


def _measure(
    run: Stack, inbox: Inbox, connection: psycopg.Connection, asked: "itertools.islice[bytes]"
) -> None:
    time.sleep(WAIT.total_seconds())
    booker, began, burned = Booker(run, inbox, asked), time.monotonic(), _burned()
    booker.start()
    for mark in MARKS:
        _wait_for(connection, f"offset_minutes > {MADE} AND state <> 'sent'", LONG - mark)
        took = time.monotonic() - began
        bulk, sweeper = _largest("work", "bulk"), _largest("sweep")
        memory = f"largest worker of reminders {bulk:.1f} MB, sweeper {sweeper:.1f} MB"
        print(f"| {mark:,} reminders sent | {mark / took:.0f}/s | {memory} |", flush=True)
        if mark == BURST:
            waits = booker.waits()
            p95 = statistics.quantiles(waits, n=20)[18]
            said = f"p50 {statistics.median(waits):.2f} s, p95 {p95:.2f} s"
            print(f"| {len(waits)} confirmations meanwhile | {said} |", flush=True)
    booker.over.set()
    each = 1000 * (_burned() - burned) / LONG
    print(f"| processor time of workers and sweeper for each message | {each:.1f} ms |", flush=True)


def _wait_for(connection: psycopg.Connection, condition: str, most: int) -> None:
    query = f"SELECT count(*) FROM messages WHERE {condition}"
    while (connection.execute(query).fetchone() or (0,))[0] > most:
        time.sleep(0.2)


def _processes(*command: str) -> list[psutil.Process]:
    family = psutil.Process().children(recursive=True)
    return [each for each in family if _words(each)[2 : 3 + len(command)] == ["scheduler.cli", *command]]


def _words(process: psutil.Process) -> list[str]:
    """Its command; nothing of one that has just ended."""
    with suppress(psutil.NoSuchProcess):
        return list(process.cmdline())
    return []


def _largest(*command: str) -> float:
    """Megabytes that no other process shares, of the process that has the most of them."""
    return float(max(each.memory_full_info().uss for each in _processes(*command)) / 1_000_000)


def _burned() -> float:
    """Seconds of processor time of all workers and the sweeper."""
    both = [*_processes("work"), *_processes("sweep")]
    return float(sum(sum(each.cpu_times()[:4]) for each in both))


if __name__ == "__main__":
    main()
