"""A clinic with a video vendor, its clock, and people before the gate of a visit by video."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from scheduler.api.bodies import FORM
from scheduler.bootstrap import Runtime
from scheduler.db.models import AuditEntry, Errand, Recipient, Visit, VisitEvent
from scheduler.domain.actors import Actor, ActorKind
from scheduler.domain.messages import ErrandHint
from scheduler.domain.overrides import Override, Rule
from scheduler.domain.visits import Act
from scheduler.services.booking.making import book
from scheduler.services.changes.moving import Destination, move
from scheduler.services.changes.scene import Order, carry_out
from scheduler.services.changes.simple import advance
from scheduler.services.people.recipients import JOIN, PATIENT
from scheduler.services.rooms.wanting import look_after_rooms
from scheduler.video.jitsi import Jitsi
from scheduler.video.vendor import Vendor
from tests.cast import at
from tests.conftest import serving
from tests.services.asking import put_in_force, request
from tests.video.prosody import Prosody
from workers.errands import run_errand

STAFF = Actor(ActorKind.STAFF, "front-desk")
START = at(8, 10)
END = START + timedelta(minutes=30)
OPENS = START - timedelta(minutes=15)
MEET = "https://meet.clinic.example"
SECRET = "s" * 40
HOME = {
    "state": "TX",
    "place": "building",
    "address": "1 Example Street, Exampleville",
    "phone": "409 555 0123",
}
PROSODY = Prosody("visits", SECRET, ("jitsi",), "meet.clinic.example")


def jitsi() -> Vendor:
    return Jitsi(MEET, "visits", SECRET, "jitsi")


@dataclass
class GateHouse:
    run: Runtime
    client: FlaskClient

    def booked(self, start: datetime = START, number: int = 0, **more: Any) -> UUID:
        return book(self.run.desk, request(start, number, practitioner="one", **more)).visit.id

    def clock(self, moment: datetime) -> None:
        """From now on it is that time; the rooms are looked after."""
        self.run.db.offset = moment - datetime.now(UTC)
        self.keep_rooms()

    def keep_rooms(self) -> None:
        """What sweeper and workers do all the time."""
        self._look_after_rooms()
        for hint in self._errands():
            run_errand(self.run, hint)
        self._look_after_rooms()

    def _look_after_rooms(self) -> None:
        with self.run.db.transaction() as session:
            now = self.run.db.now(session)
        look_after_rooms(self.run.desk, now)

    def _errands(self) -> list[ErrandHint]:
        """Taken as the sweeper takes them: due a moment ago."""
        with self.run.db.transaction() as session:
            due = session.scalars(select(Errand)).all()
            for errand in due:
                errand.next_at = self.run.db.now(session) - timedelta(seconds=1)
            return [ErrandHint(errand.work, errand.row) for errand in due]

    def link(self, visit: UUID, role: str = PATIENT, purpose: str = JOIN) -> str:
        """The path of somebody's join link."""
        with self.run.db.transaction() as session:
            whose = select(Recipient).where(Recipient.visit_id == visit, Recipient.role == role)
            who = session.scalars(whose).one()
            token = self.run.desk.token(who.link_key, visit, who.id, purpose, who.link_generation)
        return f"/v/{token}/join"

    def look(self, visit: UUID, role: str = PATIENT, language: str = "", query: str = "") -> TestResponse:
        return self.client.get(
            self.link(visit, role) + query, headers={"Accept-Language": language} if language else {}
        )

    def come(self, visit: UUID, role: str = PATIENT, **said: object) -> TestResponse:
        """Answer the questions; what is not said otherwise is right."""
        return self.send(visit, {**HOME, **said}, role)

    def send(self, visit: UUID, form: dict[str, Any], role: str = PATIENT) -> TestResponse:
        return self.client.post(self.link(visit, role), data=form, content_type=FORM)

    def does(self, visit: UUID, act: Act, actor: Actor = STAFF) -> None:
        carry_out(self.run.desk, Order(visit, act, actor), advance)

    def moved(self, visit: UUID, **to: object) -> None:
        """By staff, whenever they like."""
        destination = Destination(**to, override=Override(frozenset({Rule.NOTICE}), "call-dropped"))  # type: ignore[arg-type]
        act = Act.CONVERT if destination.mode else Act.RESCHEDULE
        carry_out(self.run.desk, Order(visit, act, STAFF), lambda scene: move(scene, destination))

    def status(self, visit: UUID) -> str:
        with self.run.db.transaction() as session:
            return session.get_one(Visit, visit).status

    def history(self, visit: UUID) -> list[tuple[str, str]]:
        """Who did what, in order."""
        with self.run.db.transaction() as session:
            events = select(VisitEvent).where(VisitEvent.visit_id == visit).order_by(VisitEvent.id)
            return [(each.actor, each.act) for each in session.scalars(events)]

    def audited(self, visit: UUID) -> Sequence[str]:
        with self.run.db.transaction() as session:
            acts = select(AuditEntry.act).where(AuditEntry.object_id == str(visit)).order_by(AuditEntry.id)
            return session.scalars(acts).all()

    def in_force(self, changes: dict[str, str]) -> None:
        put_in_force(self.run, changes)


def gatehouse(run: Runtime, vendor: Vendor | None) -> GateHouse:
    with_video = replace(run, desk=replace(run.desk, video=vendor))
    return GateHouse(with_video, serving(with_video).test_client())


def entered(answer: TestResponse, moment: datetime) -> str:
    """As what Jitsi's server lets somebody in who follows the answer at a moment: owner or member."""
    assert answer.status_code == 303, plain(answer)
    return affiliation(answer.headers["Location"], moment)


def affiliation(url: str, moment: datetime) -> str:
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}" == MEET
    claims = PROSODY.connect(parse_qs(parts.query)["jwt"][0], int(moment.timestamp()))
    return PROSODY.enter(claims, parts.path.strip("/"))


def plain(answer: TestResponse) -> str:
    """What a reader sees."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())
