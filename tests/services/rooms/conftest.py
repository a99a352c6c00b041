"""The running service with a Zoom beside it, and a practitioner who has a user there."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import or_, select

from scheduler.bootstrap import Runtime
from scheduler.db.models import Errand, Task, VideoRoom
from scheduler.domain.actors import Actor, ActorKind
from scheduler.domain.messages import ErrandHint
from scheduler.domain.tasks import TaskKind
from scheduler.domain.visits import Act
from scheduler.services.booking.making import book
from scheduler.services.changes.moving import Destination, move
from scheduler.services.changes.scene import Order, carry_out
from scheduler.services.changes.simple import advance
from scheduler.services.ground.desk import Desk
from scheduler.services.rooms.keeping import room_of
from scheduler.services.rooms.wanting import look_after_rooms
from scheduler.video.vendor import Room
from scheduler.video.zoom import Zoom
from scheduler.video.zoom_tokens import AccessTokens
from tests.cast import NOW, at
from tests.services.asking import put_in_force, request
from tests.video.zoom_stub import ACCOUNT, CLIENT, SECRET, ZoomStub, zoom_stub
from workers.errands import run_errand

STAFF = Actor(ActorKind.STAFF, "front-desk")
START = at(2, 10)
ACCOUNTS = {
    f'message_name = "Dr. {name}"': f'message_name = "Dr. {name}"\nvideo = "{name.lower()}@clinic.example"'
    for name in ("One", "Two", "Three")
}


@dataclass
class House:
    run: Runtime
    desk: Desk
    """The same with a video vendor."""
    zoom: ZoomStub

    def booked(self, start: datetime = START, number: int = 0, practitioner: str = "one") -> UUID:
        return book(self.desk, request(start, number, practitioner=practitioner)).visit.id

    def in_force(self, changes: dict[str, str]) -> None:
        put_in_force(self.run, ACCOUNTS | changes)

    def keep(self, now: datetime = NOW) -> int:
        """What the sweeper does, and then the workers: how many errands were done."""
        look_after_rooms(self.desk, now)
        done = 0
        while hints := self._due(now):
            done += sum(run_errand(replace(self.run, desk=self.desk), hint) for hint in hints)
        return done

    def _due(self, now: datetime) -> list[ErrandHint]:
        with self.desk.db.transaction() as session:
            ready = self.desk.db.now(session) + timedelta(seconds=1)
            is_due = or_(Errand.next_at <= ready, Errand.next_at == now)
            due = session.scalars(select(Errand).where(is_due)).all()
            for errand in due:
                errand.next_at = NOW - timedelta(minutes=1)
            return [ErrandHint(errand.work, errand.row) for errand in due]

    def moved(self, visit: UUID, **to: object) -> None:
        destination = Destination(**to)  # type: ignore[arg-type]
        act = Act.CONVERT if destination.mode else Act.RESCHEDULE
        carry_out(self.desk, Order(visit, act, STAFF), lambda scene: move(scene, destination))

    def done(self, visit: UUID, act: Act) -> None:
        carry_out(self.desk, Order(visit, act, STAFF), advance)

    def rows(self) -> list[VideoRoom]:
        with self.desk.db.transaction() as session:
            return list(session.scalars(select(VideoRoom).order_by(VideoRoom.created_at)))

    def states(self) -> list[str]:
        return sorted(row.state for row in self.rows())

    def rooms(self) -> list[Room]:
        """Those that somebody could be sent to."""
        return [room for row in self.rows() if (room := room_of(self.desk.secrets.vault, row))]

    def tasks(self) -> list[tuple[UUID | None, bool]]:
        """Of rooms that are missing: of which visit, and whether it is done."""
        with self.desk.db.transaction() as session:
            found = session.scalars(select(Task).where(Task.kind == TaskKind.NO_ROOM).order_by(Task.id))
            return [(task.visit_id, task.done_at is not None) for task in found]

    def soon(self) -> None:
        """What was put off is due again."""
        with self.desk.db.transaction() as session:
            for errand in session.scalars(select(Errand)):
                errand.next_at = NOW - timedelta(minutes=1)

    def waits(self) -> timedelta:
        """How long until the vendor is asked again."""
        with self.desk.db.transaction() as session:
            return session.scalars(select(Errand)).one().next_at - NOW


@pytest.fixture
def house(run: Runtime) -> Iterator[House]:
    put_in_force(run, ACCOUNTS)
    with zoom_stub() as stub:
        vendor = Zoom(stub.url, AccessTokens(stub.url, ACCOUNT, CLIENT, SECRET))
        yield House(run, replace(run.desk, video=vendor), stub)
    assert stub.wrong == []
