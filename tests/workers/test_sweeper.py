"""The sweeper: passes hints on while Redis takes them, and delivers by itself while it does not."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from scheduler.bootstrap import Runtime, bootstrap
from scheduler.channels.email import EmailChannel
from scheduler.db.models import Heartbeat, Message
from scheduler.domain.messages import ChannelName, ErrandHint, Hint, MessageKind
from scheduler.embedded.redis import EmbeddedRedis
from scheduler.services.ground import errands
from scheduler.services.outbox.delivering import PostRoom, deliver
from tests.conftest import settings_for
from tests.processes import eventually
from tests.smtp import ScriptedServer
from tests.workers.conftest import NOBODY
from workers.doorbell import Publisher
from workers.queues import AnyHint
from workers.sweeper import PATIENCE, Sweeper

Book = Callable[[int], None]


@pytest.fixture
def smtp() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def room(run: Runtime, smtp: ScriptedServer) -> Iterator[PostRoom]:
    channel = EmailChannel(smtp.url(), deadline=5)
    yield PostRoom(run.desk, {ChannelName.EMAIL: channel}, "sweeper-1")
    channel.close()


def sweeper_of(room: PostRoom, publish: Callable[[AnyHint], object], patience: float = PATIENCE) -> Sweeper:
    """One that delivers through this post room while Redis is away."""

    def do(hint: AnyHint) -> None:
        assert isinstance(hint, Hint)
        deliver(room, hint.message)

    def passed_on(hint: AnyHint) -> None:
        publish(hint)

    return Sweeper(room.desk, passed_on, do, patience)


@contextmanager
def sweeping(*sweepers: Sweeper) -> Iterator[None]:
    """They run, each in a thread of its own, and end when they are told to."""
    stop = threading.Event()
    threads = [threading.Thread(target=each.run, args=(stop,)) for each in sweepers]
    for each in threads:
        each.start()
    try:
        yield
    finally:
        stop.set()
        for each in threads:
            each.join(timeout=10)
    assert not any(each.is_alive() for each in threads)


def told(run: Runtime) -> Counter[str]:
    """States of the messages that tell a booking."""
    with run.db.transaction() as session:
        return Counter(session.scalars(select(Message.state).where(Message.kind == MessageKind.CONFIRMED)))


def once_each(smtp: ScriptedServer) -> bool:
    ids = [line for mail in smtp.messages for line in mail.splitlines() if line.startswith(b"Message-ID:")]
    return len(ids) == len(set(ids)) == len(smtp.messages)


def test_what_is_due_is_hinted_and_left_to_the_workers(
    run: Runtime, room: PostRoom, smtp: ScriptedServer, book: Book
) -> None:
    book(3)
    hints: list[AnyHint] = []
    sweeper = sweeper_of(room, hints.append, patience=0)
    sweeper.tick()
    sweeper.tick()
    assert len(hints) == len(set(hints)) == 3
    assert smtp.messages == []


def test_a_tick_says_that_the_sweeper_is_alive(run: Runtime, room: PostRoom) -> None:
    sweeper_of(room, print).tick()
    with run.db.transaction() as session:
        beat = session.execute(select(Heartbeat.at)).scalar_one()
        assert abs((run.db.now(session) - run.db.offset - beat).total_seconds()) < 5


def test_a_sweeper_that_cannot_hint_does_not_say_that_it_is_alive(
    run: Runtime, room: PostRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.sweeper.nudge", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        sweeper_of(room, print).tick()
    with run.db.transaction() as session:
        assert session.execute(select(Heartbeat.at)).all() == []


def test_without_redis_it_delivers_by_itself_after_its_patience(
    run: Runtime, room: PostRoom, smtp: ScriptedServer, book: Book
) -> None:
    book(12)
    sweeper = sweeper_of(room, Publisher(NOBODY).publish, patience=0.4)
    sweeper.tick()
    time.sleep(0.1)
    assert smtp.messages == [], "Redis may be back in a moment"
    time.sleep(0.4)
    sweeper.tick()
    assert eventually(lambda: told(run) == {"sent": 12}), "nothing waits for the next nudge in 15 s"
    assert once_each(smtp)


def test_what_no_worker_hears_for_a_minute_is_delivered_from_here(
    run: Runtime, room: PostRoom, smtp: ScriptedServer, book: Book
) -> None:
    """Redis takes each hint, but whoever listened to it is deaf or gone."""
    book(3)
    hints: list[AnyHint] = []
    sweeper = sweeper_of(room, hints.append)
    wait(run, timedelta(seconds=50))
    sweeper.tick()
    assert len(hints) == 3
    wait(run, timedelta(seconds=20))
    with sweeping(sweeper):
        assert eventually(lambda: told(run) == {"sent": 3})
    assert once_each(smtp)


def wait(run: Runtime, time: timedelta) -> None:
    """The messages have waited for that much longer."""
    longer = {"next_at": Message.next_at - time, "nudged_at": Message.nudged_at - time}
    with run.db.transaction() as session:
        session.execute(update(Message).where(Message.kind == MessageKind.CONFIRMED).values(longer))


def test_a_redis_that_says_nothing_is_no_redis(
    run: Runtime, room: PostRoom, smtp: ScriptedServer, book: Book, hung: str
) -> None:
    book(3)
    with sweeping(sweeper_of(room, Publisher(hung).publish, patience=0.2)):
        assert eventually(lambda: told(run) == {"sent": 3})
    assert once_each(smtp)


def test_when_redis_is_killed_the_mail_goes_out_all_the_same(
    run: Runtime, room: PostRoom, smtp: ScriptedServer, book: Book, tmp_path: Path
) -> None:
    with EmbeddedRedis(tmp_path / "redis") as redis:
        sweeper = sweeper_of(room, Publisher(redis.url).publish, patience=0.2)
        sweeper.tick()
        redis.stop(grace=0)
        book(3)
        with sweeping(sweeper):
            assert eventually(lambda: told(run) == {"sent": 3})
    assert once_each(smtp)


def test_when_redis_is_back_the_workers_have_it_again(
    run: Runtime, room: PostRoom, smtp: ScriptedServer, book: Book
) -> None:
    hints: list[AnyHint] = []
    away = True

    def publish(hint: AnyHint) -> None:
        if away:
            raise ConnectionError
        hints.append(hint)

    sweeper = sweeper_of(room, publish, patience=60)
    book(3)
    sweeper.tick()
    away = False
    sweeper.tick()
    assert len(hints) == 3, "what could not be said is said now, not after another 15 s"
    assert smtp.messages == []


def test_two_sweepers_at_once_double_nothing(
    run: Runtime, room: PostRoom, smtp: ScriptedServer, book: Book
) -> None:
    book(30)
    pair = [sweeper_of(room, Publisher(NOBODY).publish, patience=0) for _ in range(2)]
    with sweeping(*pair):
        assert eventually(lambda: told(run) == {"sent": 30}, 15)
        time.sleep(1.2)
    assert once_each(smtp)
    assert len(smtp.messages) == 30


def test_a_sweeper_outlives_its_database(smtp: ScriptedServer) -> None:
    gone = bootstrap(settings_for("postgresql://visits@127.0.0.1:1/visits"))
    with sweeping(sweeper_of(PostRoom(gone.desk, {}, "sweeper-1"), print)):
        time.sleep(1.2)
    gone.db.dispose()


def test_trouble_in_one_sweep_does_not_end_the_next(
    run: Runtime, room: PostRoom, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    hints: list[AnyHint] = []
    sweeper = sweeper_of(room, hints.append)
    tick, failures = sweeper.tick, iter([ZeroDivisionError()])

    def fail_once() -> None:
        for error in failures:
            raise error
        tick()

    monkeypatch.setattr(sweeper, "tick", fail_once)
    book(1)
    with sweeping(sweeper):
        assert eventually(lambda: len(hints) == 1)


def test_an_errand_that_is_due_is_hinted_and_without_redis_done_here(run: Runtime) -> None:
    with run.db.transaction() as session:
        errands.plan(session, "poll", "one", run.db.now(session))
    hint, hinted, done = ErrandHint("poll", "one"), [], []  # type: ignore[var-annotated]
    Sweeper(run.desk, hinted.append, done.append).tick()
    assert (hinted, done) == ([hint], [])
    with run.db.transaction() as session:
        errands.plan(session, "poll", "one", run.db.now(session))
    Sweeper(run.desk, Publisher(NOBODY).publish, done.append, patience=0).tick()
    assert eventually(lambda: done == [hint])
