"""What a sweep costs, and a message, beside ten thousand, a hundred thousand, a million planned ones.

python -m benchmarks.sweep
"""

import itertools
import os
import statistics
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import psycopg
from sqlalchemy import select
from sqlalchemy.orm import Session

from benchmarks.load import Connection
from benchmarks.rows import add_due, add_planned
from benchmarks.stack import stack
from benchmarks.wishes import book_all, wishes
from config.settings import load_settings
from scheduler.bootstrap import Runtime, bootstrap
from scheduler.channels.mime import Mail, compose
from scheduler.channels.outcome import Fence, Outcome, Verdict
from scheduler.db.models import Message
from scheduler.domain.messages import ChannelName
from scheduler.services.outbox.delivering import PostRoom, deliver
from scheduler.services.outbox.sweeping import Reaper, expire, nudge

SIZES = (10_000, 100_000, 1_000_000)
VISITS = 250
SWEEPS = 100
DUE = 500


class Taker:
    """A mail server that takes everything at once: what is measured is ours."""

    def deliver(self, mail: Mail, fence: Fence) -> Outcome:
        compose(mail)
        return Outcome(Verdict.SENT if fence() else Verdict.FENCED)


def main() -> None:
    with stack() as started:
        os.environ.update(started.environment)
        run = bootstrap(load_settings())
        book_all(Connection(started.port), itertools.islice(wishes(started.port), VISITS))
        plain = started.database_url.replace("+psycopg", "")
        print("| planned | find what is due | expire | reap | deliver one of 500 |\n|---|---|---|---|---|")
        with psycopg.connect(plain, autocommit=True) as connection:
            deliver_all(run)
            for size, before in zip(SIZES, (0, *SIZES), strict=False):
                add_planned(connection, size - before)
                print(f"| {size:,} | {' | '.join(figures(run, connection))} |", flush=True)


def figures(run: Runtime, connection: psycopg.Connection) -> list[str]:
    """Milliseconds: median and 95th percentile of a statement, mean of a message."""
    reaper = Reaper()
    sweeps: tuple[Callable[[Session, datetime], object], ...] = (nudge, expire, reaper.reap)
    measured = [timed(run, each) for each in sweeps]
    add_due(connection, DUE, timedelta(0))
    began, burned = time.monotonic(), time.process_time()
    sent = deliver_all(run)
    assert sent == DUE, sent
    took, ours = 1000 * (time.monotonic() - began) / sent, 1000 * (time.process_time() - burned) / sent
    return [*measured, f"{took:.1f} ms, {ours:.1f} ms of it our own processor time"]


def timed(run: Runtime, work: Callable[[Session, datetime], object]) -> str:
    times = []
    for _ in range(SWEEPS):
        with run.db.transaction() as session:
            now = run.db.now(session)
            began = time.monotonic()
            work(session, now)
            times.append(1000 * (time.monotonic() - began))
    return f"{statistics.median(times):.1f} ms, p95 {statistics.quantiles(times, n=20)[18]:.1f} ms"


def deliver_all(run: Runtime) -> int:
    """Everything that is due, as a worker does it."""
    room, sent = PostRoom(run.desk, {ChannelName.EMAIL: Taker()}, "benchmark"), 0
    while True:
        with run.db.transaction() as session:
            now = run.db.now(session)
            due = select(Message.id).where(Message.state == "pending", Message.next_at <= now)
            hint = session.scalars(due.limit(1)).first()
        if hint is None:
            return sent
        sent += deliver(room, hint)


if __name__ == "__main__":
    main()
