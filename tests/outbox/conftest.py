"""Visits with messages, a mail server, and the post room between them."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from scheduler.bootstrap import Runtime
from scheduler.channels.email import EmailChannel
from scheduler.channels.outcome import Outcome, Verdict
from scheduler.db.models import Message, MessageAttempt, Recipient
from scheduler.domain.messages import ChannelName, MessageKind, MessageState, Queue
from scheduler.services.outbox.claiming import Claimed, Held, claim
from scheduler.services.outbox.delivering import PostRoom
from scheduler.services.outbox.finishing import finish
from tests.cast import at, wish
from tests.conftest import serving
from tests.smtp import ScriptedServer

Book = Callable[..., UUID]

HOUR = timedelta(hours=1)


@pytest.fixture
def book(run: Runtime) -> Book:
    """Books a visit over HTTP for another patient each time; its id."""
    client = serving(run).test_client()
    count = 0

    def booked(start: datetime | None = None, **more: Any) -> UUID:
        nonlocal count
        body = wish(start or at(2 + count // 16 % 3, 9 + count % 16 // 2, 30 * (count % 2)), count)
        body["patient"] |= more.pop("patient", {})
        count += 1
        answer = client.post("/v1/visits", json={**body, **more})
        assert answer.status_code == 201, answer.get_json()
        return UUID(answer.get_json()["id"])

    return booked


@pytest.fixture
def smtp() -> Iterator[ScriptedServer]:
    """A mail server that takes everything."""
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def room(run: Runtime, smtp: ScriptedServer) -> Iterator[PostRoom]:
    channel = EmailChannel(smtp.url(), deadline=5)
    yield PostRoom(run.desk, {**run.channels, ChannelName.EMAIL: channel}, "worker-1")
    channel.close()


def now(run: Runtime) -> datetime:
    with run.db.single() as connection:
        return run.db.now(connection)


def row(run: Runtime, message: int) -> Message:
    with run.db.transaction() as session:
        return session.get_one(Message, message)


def rows(run: Runtime, visit: UUID | None = None, kind: MessageKind | None = None) -> list[Message]:
    """Messages, in the order in which they were planned."""
    found = select(Message).order_by(Message.id)
    if visit:
        found = found.where(Message.visit_id == visit)
    if kind:
        found = found.where(Message.kind == kind)
    with run.db.transaction() as session:
        return list(session.scalars(found))


def first(run: Runtime, visit: UUID) -> int:
    """The message that tells the booking."""
    return rows(run, visit)[0].id


def states(run: Runtime) -> set[MessageState]:
    return {MessageState(each.state) for each in rows(run) if each.kind == MessageKind.CONFIRMED}


def change(run: Runtime, message: int, **values: object) -> None:
    with run.db.transaction() as session:
        session.execute(update(Message).where(Message.id == message).values(**values))


def attempts(run: Runtime, message: int) -> list[MessageAttempt]:
    made = select(MessageAttempt).where(MessageAttempt.message_id == message).order_by(MessageAttempt.id)
    with run.db.transaction() as session:
        return list(session.scalars(made))


def claim_at(run: Runtime, hint: int, at: datetime | None = None, worker: str = "worker-1") -> list[Held]:
    with run.db.transaction() as session:
        moment = run.desk.clinics.moment(session)
        return claim(session, hint, worker, moment.in_force.version, at or moment.now)


def claimed(run: Runtime, hint: int, at: datetime | None = None) -> Claimed:
    """The hinted message alone."""
    held = next(each for each in claim_at(run, hint, at) if each.id == hint)
    assert isinstance(held, Claimed)
    return held


def finished(run: Runtime, held: Held, verdict: Verdict, **more: Any) -> MessageState | None:
    return finish(run.db, held, Outcome(verdict, **more), "worker-1", now(run))


def add_messages(
    run: Runtime, visit: UUID, kind: MessageKind, count: int = 1, sequence: int = 0, **more: object
) -> list[int]:
    """More messages to the patient of a visit, all of them due."""
    at_once = now(run)
    with run.db.transaction() as session:
        recipient = session.scalars(select(Recipient.id).where(Recipient.visit_id == visit)).one()
        added = [
            Message(
                **{
                    "visit_id": visit,
                    "recipient_id": recipient,
                    "sequence": sequence,
                    "kind": kind,
                    "offset_minutes": 100_000 + number,
                    "channel": ChannelName.EMAIL,
                    "queue": Queue.URGENT,
                    "state": MessageState.PENDING,
                    "due_at": at_once,
                    "next_at": at_once,
                    "expires_at": at_once + HOUR,
                    "message_id": uuid4().hex,
                    "created_at": at_once,
                    **more,
                }
            )
            for number in range(count)
        ]
        session.add_all(added)
        session.flush()
        return [each.id for each in added]
