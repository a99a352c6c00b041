"""A worker dies at each of its steps: nothing is lost, and nobody gets more than two copies."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from scheduler.bootstrap import Runtime
from scheduler.channels.email import EmailChannel
from scheduler.channels.mime import Mail
from scheduler.channels.outcome import Fence, Outcome
from scheduler.channels.smtp import session as smtp_session
from scheduler.db.engine import Database
from scheduler.domain.messages import ChannelName, MessageKind, MessageState
from scheduler.services.outbox.delivering import PostRoom, deliver
from scheduler.services.outbox.sweeping import Reaper
from tests.outbox.conftest import Book, add_messages, change, first, now, row
from tests.smtp import ScriptedServer

AFTER_THE_DOT = "the final dot was sent"
AFTER_THE_ANSWER = "the answer was read"
PHASES = ("claim", "compose", "fence", "record")
NOT_RECORDED = {AFTER_THE_DOT, AFTER_THE_ANSWER, "before record"}
"""Where the mail server may have the message, and the database does not know it."""

STEPS = [
    *("before claim", "before the commit of claim", "after claim"),
    *("before compose", "before the commit of compose", "after compose"),
    *("before fence", "before the commit of fence", "after fence"),
    AFTER_THE_DOT,
    AFTER_THE_ANSWER,
    *("before record", "after record"),
]


class Crash(BaseException):
    """The process is gone: nothing that catches errors catches this."""


class Steps:
    """Counts the steps of one delivery, and dies at one of them."""

    def __init__(self, last: str | None = None) -> None:
        self.seen: list[str] = []
        self._last = last

    def reached(self, step: str) -> None:
        self.seen.append(step)
        if step == self._last:
            raise Crash


class WatchedDatabase(Database):
    """Another database's connections; a transaction is three steps, a statement by itself is two."""

    def __init__(self, real: Database, steps: Steps) -> None:
        self.__dict__ |= real.__dict__
        self._steps = steps
        self._phases = iter(PHASES)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        phase = next(self._phases)
        self._steps.reached(f"before {phase}")
        with super().transaction() as session:
            yield session
            self._steps.reached(f"before the commit of {phase}")
        self._steps.reached(f"after {phase}")

    @contextmanager
    def single(self) -> Iterator[Connection]:
        phase = next(self._phases)
        self._steps.reached(f"before {phase}")
        with super().single() as connection:
            yield connection
        self._steps.reached(f"after {phase}")


class WatchedChannel:
    def __init__(self, channel: EmailChannel, steps: Steps) -> None:
        self._channel = channel
        self._steps = steps

    def deliver(self, mail: Mail, fence: Fence) -> Outcome:
        outcome = self._channel.deliver(mail, fence)
        self._steps.reached(AFTER_THE_ANSWER)
        return outcome


@pytest.fixture
def steps_of_smtp(monkeypatch: pytest.MonkeyPatch) -> list[Steps]:
    """Whose turn it is to see that a final dot was sent."""
    current: list[Steps] = []
    read = smtp_session.Session.getreply

    def watched(session: smtp_session.Session) -> tuple[int, bytes]:
        reply = read(session)
        if session.awaiting:
            current[-1].reached(AFTER_THE_DOT)  # the server has it, and we have not looked at its answer
        return reply

    monkeypatch.setattr(smtp_session.Session, "getreply", watched)
    return current


class Post:
    """Delivers one message again and again, by workers that die."""

    def __init__(self, run: Runtime, smtp: ScriptedServer, steps_of_smtp: list[Steps]) -> None:
        self._run, self._smtp, self._current = run, smtp, steps_of_smtp
        self._channel = EmailChannel(smtp.url(), deadline=5)

    def deliver(self, message: int, crash: str | None = None) -> Steps:
        steps = Steps(crash)
        self._current.append(steps)
        desk = replace(self._run.desk, db=WatchedDatabase(self._run.db, steps))
        channels = {ChannelName.EMAIL: WatchedChannel(self._channel, steps)}
        try:
            deliver(PostRoom(desk, channels, "worker-1"), message)
        except Crash:
            self._channel.close()
        return steps

    def recover(self, message: int) -> None:
        """As the sweeper does after a lease."""
        with self._run.db.transaction() as session:
            Reaper(0).reap(session, self._run.db.now(session))
        if row(self._run, message).state == MessageState.PENDING:
            change(self._run, message, next_at=now(self._run))

    def copies(self, message: int) -> list[bytes]:
        id = row(self._run, message).message_id.encode()
        return [each for each in self._smtp.messages if b"Message-ID: <" + id in each]


@pytest.fixture
def post(run: Runtime, smtp: ScriptedServer, steps_of_smtp: list[Steps]) -> Post:
    return Post(run, smtp, steps_of_smtp)


@pytest.fixture
def messages(run: Runtime, book: Book) -> Iterator[int]:
    """One message after another; nothing else is due."""
    visit = book()
    change(run, first(run, visit), state=MessageState.SENT)
    ids = add_messages(run, visit, MessageKind.JOIN, len(STEPS) ** 2, state=MessageState.SENT)

    def each() -> Iterator[int]:
        for id in ids:
            change(run, id, state=MessageState.PENDING)
            yield id

    return each()


def test_a_delivery_has_exactly_these_steps(post: Post, run: Runtime, messages: Iterator[int]) -> None:
    message = next(messages)
    assert post.deliver(message).seen == STEPS
    assert (row(run, message).state, len(post.copies(message))) == (MessageState.SENT, 1)


def test_a_death_at_any_step_loses_nothing(post: Post, run: Runtime, messages: Iterator[int]) -> None:
    for step in STEPS:
        message = next(messages)
        post.deliver(message, crash=step)
        post.recover(message)
        post.deliver(message)
        copies = post.copies(message)
        assert row(run, message).handoffs == (2 if step in {"after fence", *NOT_RECORDED} else 1), step
        assert row(run, message).state == MessageState.SENT, step
        assert len(copies) == (2 if step in NOT_RECORDED else 1), step
        assert len(set(copies)) == 1, f"{step}: both copies are the same mail"


def test_two_deaths_in_a_row_never_make_a_third_copy(
    post: Post, run: Runtime, messages: Iterator[int]
) -> None:
    """Of first deaths those that leave something behind: after all others the row is as it was before."""
    for one in ("after claim", "after fence", *sorted(NOT_RECORDED)):
        for two in STEPS:
            message = next(messages)
            for crash in (one, two, None):
                post.deliver(message, crash)
                post.recover(message)
            lost_sight = [step for step in (one, two) if step in NOT_RECORDED]
            state, copies = row(run, message).state, len(post.copies(message))
            if len(lost_sight) == 2:
                assert (state, copies) == (MessageState.UNKNOWN, 2), (one, two)
            elif one == "after fence" or two == "after fence":
                assert state in (MessageState.SENT, MessageState.UNKNOWN), (one, two)
                assert copies <= 2, (one, two)
            else:
                assert state == MessageState.SENT, (one, two)
                assert copies == 1 + len(lost_sight), (one, two)
