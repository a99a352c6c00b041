"""A program elsewhere that hears of visits."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import pytest
from sqlalchemy import select, update

from scheduler.bootstrap import Runtime
from scheduler.channels.webhook import WebhookChannel
from scheduler.db.models import Message
from scheduler.domain.actors import Actor, ActorKind
from scheduler.domain.messages import ChannelName, MessageKind, MessageState
from scheduler.outgoing.http import Outside
from scheduler.services.ground.desk import Desk
from scheduler.services.hooks.keeping import Endpoint, add_endpoint
from scheduler.services.outbox.delivering import PostRoom, deliver
from tests.web import Asked, ScriptedWeb

DESK = Actor(ActorKind.STAFF, "integrator")

Enter = Callable[..., Endpoint]


@pytest.fixture
def web() -> Iterator[ScriptedWeb]:
    with ScriptedWeb() as server:
        yield server


@pytest.fixture
def desk(run: Runtime) -> Desk:
    return replace(run.desk, outside=Outside(loopback=True))


@pytest.fixture
def room(desk: Desk) -> PostRoom:
    return PostRoom(desk, {ChannelName.WEBHOOK: WebhookChannel(desk.outside)}, "worker-1")


@pytest.fixture
def enter(desk: Desk, web: ScriptedWeb) -> Enter:
    """Another endpoint of the program."""

    def entered(*types: str, path: str = "/in") -> Endpoint:
        return add_endpoint(desk, "records", web.url(path), types or None, DESK)

    return entered


def hooks(desk: Desk) -> list[Message]:
    """In the order in which they were planned."""
    found = select(Message).where(Message.kind == MessageKind.WEBHOOK).order_by(Message.id)
    with desk.db.transaction() as session:
        return list(session.scalars(found))


def states(desk: Desk) -> list[str]:
    return [each.state for each in hooks(desk)]


def send_all(room: PostRoom) -> None:
    """Whatever is still to be tried is due now."""
    db = room.desk.db
    with db.transaction() as session:
        pending = Message.state == MessageState.PENDING, Message.kind == MessageKind.WEBHOOK
        session.execute(update(Message).where(*pending).values(next_at=db.now(session)))
        ids = session.scalars(select(Message.id).where(*pending).order_by(Message.id)).all()
    for id in ids:
        deliver(room, id)


def said(asked: Asked) -> dict[str, Any]:
    body: dict[str, Any] = orjson.loads(asked.body)
    return body


def told(web: ScriptedWeb) -> list[tuple[str, str, int]]:
    """Type, status and sequence of what arrived."""
    bodies = map(said, web.asked)
    return [(each["type"], each["data"]["status"], each["data"]["sequence"]) for each in bodies]


def expect(body: dict[str, Any], visit: UUID) -> None:
    """Nothing but what is allowed."""
    assert set(body) == {"type", "timestamp", "data"}
    assert set(body["data"]) == {"id", "status", "sequence"}
    assert body["data"]["id"] == str(visit)
    assert datetime.fromisoformat(body["timestamp"]).tzinfo
