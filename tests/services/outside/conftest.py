"""A calendar of somebody else, on a server of theirs."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from scheduler.bootstrap import Runtime
from scheduler.calendars.busy import Unreadable, busy
from scheduler.db.models import BusyTime, OutsideCalendar
from scheduler.domain.actors import Actor, ActorKind
from scheduler.domain.busy import Span, Stretch
from scheduler.outgoing.http import Outside
from scheduler.services.ground.desk import Desk
from scheduler.services.outside import polling
from scheduler.services.outside.expanding import NoCalendar
from scheduler.services.outside.keeping import add_calendar
from tests.calendars.test_busy import calendar
from tests.web import Asked, Reply, ScriptedWeb

DESK = Actor(ActorKind.STAFF, "front-desk")
SECRET = "/private-canary-token/basic.ics"

Publish = Callable[..., None]


@pytest.fixture
def web() -> Iterator[ScriptedWeb]:
    with ScriptedWeb() as server:
        yield server


@pytest.fixture
def publish(web: ScriptedWeb) -> Publish:
    """Puts a calendar of these events on the server."""

    def put(*events: str, **headers: str) -> None:
        body = calendar(*events)
        web.script = lambda asked: Reply(200, body, headers)

    return put


@pytest.fixture
def desk(run: Runtime) -> Desk:
    """One that may call this machine."""
    return replace(run.desk, outside=Outside(loopback=True))


@pytest.fixture
def entry(desk: Desk, web: ScriptedWeb, publish: Publish) -> UUID:
    """The calendar of practitioner one, empty so far."""
    publish()
    return add_calendar(desk, "one", "rota", web.url(SECRET), DESK).id


def at_once(content: bytes, span: Span) -> tuple[list[Stretch], bool]:
    """What the child does, here."""
    try:
        found = busy(content, span)
    except Unreadable as error:
        raise NoCalendar(str(error)) from None
    return found.stretches, found.complete


def poll(desk: Desk) -> list[timedelta | None]:
    """Ask all sources; after how long each is due again."""
    with desk.db.transaction() as session:
        ids = session.scalars(select(OutsideCalendar.id).order_by(OutsideCalendar.created_at)).all()
    return [polling.poll(desk, str(id)) for id in ids]


def row(desk: Desk, id: UUID) -> OutsideCalendar:
    with desk.db.transaction() as session:
        return session.get_one(OutsideCalendar, id)


def busy_times(desk: Desk) -> list[str]:
    with desk.db.transaction() as session:
        found = session.scalars(select(BusyTime.during).order_by(BusyTime.during))
        return [f"{each.lower:%m-%d %H:%M}-{each.upper:%H:%M}" for each in found if each.lower and each.upper]


def with_etag(body: bytes, etag: str) -> Callable[[Asked], Reply]:
    """A server that says when nothing has changed."""

    def answer(asked: Asked) -> Reply:
        unchanged = asked.headers.get("If-None-Match") == etag
        return Reply(304, headers={"ETag": etag}) if unchanged else Reply(200, body, {"ETag": etag})

    return answer
