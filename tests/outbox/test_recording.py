"""Our database is away at the worst moments: what was handed over is written down, and only that."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from scheduler.bootstrap import Runtime
from scheduler.channels.email import EmailChannel
from scheduler.channels.mime import Mail
from scheduler.channels.outcome import Fence, Outcome, Verdict
from scheduler.db.engine import Database
from scheduler.domain.errors import Unavailable
from scheduler.domain.messages import ChannelName, MessageState
from scheduler.services.outbox.delivering import PostRoom, deliver
from tests.outbox.conftest import Book, attempts, change, first, now, row
from tests.smtp import ScriptedServer

T = TypeVar("T")

CUT_OFF = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


class Then:
    """A channel after whose answer something happens, once."""

    def __init__(self, channel: EmailChannel, happens: Callable[[], object]) -> None:
        self._channel, self._happens = channel, [happens]

    def deliver(self, mail: Mail, fence: Fence) -> Outcome:
        outcome = self._channel.deliver(mail, fence)
        if self._happens:
            self._happens.pop()()
        return outcome


class Unheard(Database):
    """Another database's connections; `lost` of its commits are done, and nobody hears of it."""

    def __init__(self, real: Database, at: str, lost: int = 1) -> None:
        self.__dict__ |= real.__dict__
        self._at, self._lost = at, lost

    @contextmanager
    def single(self) -> Iterator[Connection]:
        with super().single() as connection:
            yield connection
        self._lose("single")

    def attempt(self, work: Callable[[Session], T]) -> T:
        done = super().attempt(work)
        self._lose("attempt")
        return done

    def _lose(self, at: str) -> None:
        if at == self._at and self._lost:
            self._lost -= 1
            raise Unavailable


class Away(Database):
    """Another database's connections; those for single statements cannot be had so many times."""

    def __init__(self, real: Database, times: int) -> None:
        self.__dict__ |= real.__dict__
        self.times = times

    @contextmanager
    def single(self) -> Iterator[Connection]:
        if self.times:
            self.times -= 1
            raise Unavailable
        with super().single() as connection:
            yield connection


def cut_off(run: Runtime) -> None:
    """Ends all connections of this database but the one that asks."""
    with run.db.single() as connection:
        connection.execute(CUT_OFF)


def room_of(run: Runtime, smtp: ScriptedServer, db: Database | None = None) -> PostRoom:
    channels = {**run.channels, ChannelName.EMAIL: EmailChannel(smtp.url(), deadline=5)}
    return PostRoom(replace(run.desk, db=db or run.db), channels, "worker-1")


def test_who_loses_the_database_after_the_answer_writes_it_down_later(
    run: Runtime, smtp: ScriptedServer, book: Book
) -> None:
    message = first(run, book())
    away = Away(run.db, times=2)
    assert deliver(room_of(run, smtp, away), message) == 1
    assert away.times == 0
    after = row(run, message)
    assert (after.state, after.handoffs, after.provider_ref) == (MessageState.SENT, 1, "4F2A1")
    assert [each.verdict for each in attempts(run, message)] == [Verdict.SENT]
    assert len(smtp.messages) == 1


def test_connections_that_end_between_the_answer_and_the_record_cost_no_second_copy(
    run: Runtime, smtp: ScriptedServer, book: Book
) -> None:
    message = first(run, book())
    room = room_of(run, smtp)
    channel = Then(EmailChannel(smtp.url(), deadline=5), lambda: cut_off(run))
    assert deliver(replace(room, channels={ChannelName.EMAIL: channel}), message) == 1
    assert row(run, message).state == MessageState.SENT
    assert (len(smtp.messages), len(attempts(run, message))) == (1, 1)


def test_a_record_of_whose_commit_nobody_heard_is_not_made_again(
    run: Runtime, smtp: ScriptedServer, book: Book
) -> None:
    message = first(run, book())
    assert deliver(room_of(run, smtp, Unheard(run.db, at="single")), message) == 1
    assert row(run, message).state == MessageState.SENT
    assert (len(smtp.messages), len(attempts(run, message))) == (1, 1)


def test_a_refusal_of_whose_commit_nobody_heard_is_not_recorded_again(run: Runtime, book: Book) -> None:
    message = first(run, book())
    with ScriptedServer({"RCPT": "451 4.3.0 later"}) as busy:
        assert deliver(room_of(run, busy, Unheard(run.db, at="attempt")), message) == 0
    after = row(run, message)
    assert (after.state, after.handoffs, after.token) == (MessageState.PENDING, 0, None)
    assert after.next_at > now(run)
    assert len(attempts(run, message)) == 1


def test_a_passage_of_whose_commit_nobody_heard_hands_nothing_over_and_counts_as_none(
    run: Runtime, smtp: ScriptedServer, book: Book
) -> None:
    message = first(run, book())
    assert deliver(room_of(run, smtp, Unheard(run.db, at="attempt")), message) == 0
    assert smtp.messages == []
    after = row(run, message)
    assert (after.state, after.handoffs, after.token) == (MessageState.PENDING, 0, None)
    assert after.next_at <= now(run), "somebody else may have it at once"
    assert deliver(room_of(run, smtp), message) == 1
    assert (row(run, message).handoffs, len(smtp.messages)) == (1, 1)


def test_a_database_that_stays_away_is_waited_for_only_while_the_message_is_surely_ours(
    run: Runtime, smtp: ScriptedServer, book: Book
) -> None:
    message = first(run, book())
    room = replace(room_of(run, smtp, Unheard(run.db, at="single", lost=1_000)), lease=1.0)
    with pytest.raises(Unavailable):
        deliver(room, message)
    assert len(attempts(run, message)) == 1


def test_a_claim_that_took_long_is_as_old_as_it_is(run: Runtime, smtp: ScriptedServer, book: Book) -> None:
    """Whoever takes stale tokens away has seen this one since it was committed."""

    class Slow(Database):
        def __init__(self, real: Database) -> None:
            self.__dict__ |= real.__dict__
            self._waits = [0.3]

        @contextmanager
        def transaction(self) -> Iterator[Session]:
            with super().transaction() as session:
                yield session
            time.sleep(self._waits.pop() if self._waits else 0)

    message = first(run, book())
    assert deliver(replace(room_of(run, smtp, Slow(run.db)), lease=0.5), message) == 0
    assert smtp.messages == []
    assert row(run, message).state == MessageState.PENDING


def test_a_failure_is_no_copy_when_it_turns_out_to_be_ours(
    run: Runtime, smtp: ScriptedServer, book: Book
) -> None:
    message = first(run, book())
    with ScriptedServer({".": "554 no"}) as refusing:
        deliver(room_of(run, refusing), message)
    after = row(run, message)
    assert (after.state, after.handoffs) == (MessageState.FAILED, 0)
    change(run, message, state=MessageState.PENDING, token=None, next_at=now(run))
    assert deliver(room_of(run, smtp), message) == 1
