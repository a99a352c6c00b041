"""Every object of a visit's life, read by everybody: libical, ical.js, vobject and our own lint agree."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

import pytest
import vobject
from flask.testing import FlaskClient

from scheduler.bootstrap import Runtime
from scheduler.calendars.lint import event_of, faults
from scheduler.domain.actors import SYSTEM
from scheduler.domain.feeds import Detail, FeedWish
from scheduler.domain.visits import Act
from scheduler.services.changes.contact import ContactChange, change_contact
from scheduler.services.changes.moving import Destination, move
from scheduler.services.changes.scene import Order, Scene, carry_out
from scheduler.services.changes.simple import advance, confirm
from scheduler.services.changes.undoing import undo
from scheduler.services.feeds.keeping import create_feed
from tests.api.principals import HELPER
from tests.calendars.feed_lint import feed_faults
from tests.calendars.independent import Reader
from tests.cast import at, wish
from tests.outbox.postbox import Postbox, make_round

BEGIN, END = b"BEGIN:VEVENT\r\n", b"END:VEVENT\r\n"


class Made(NamedTuple):
    """`method` is empty for a file or a feed."""

    content: bytes
    method: str


class Seen(NamedTuple):
    """What a reader has to be sure of."""

    starts: float
    ends: float
    uid: str
    sequence: int
    status: str
    method: str


class Life:
    """Visits of all kinds, through all that can become of them."""

    def __init__(self, run: Runtime, client: FlaskClient) -> None:
        self.run, self.client, self.box = run, client, Postbox()
        self.files: list[bytes] = []

    def book(self, start: datetime, number: int, **more: Any) -> UUID:
        answer = self.client.post("/v1/visits", json=wish(start, number, **more))
        assert answer.status_code == 201, answer.text
        body = answer.get_json()
        self._told(UUID(body["id"]), body["token"])
        return UUID(body["id"])

    def act(self, visit: UUID, act: Act, perform: Callable[[Scene], None] = advance) -> None:
        carry_out(self.run.desk, Order(visit, act, SYSTEM), perform)
        self._told(visit)

    def _told(self, visit: UUID, token: str = "") -> None:
        make_round(self.run, self.box)
        if token:
            headers = {"Authorization": f"Bearer {token}"}
            self.files.append(self.client.get(f"/v1/visits/{visit}/invite.ics", headers=headers).data)

    def feeds(self) -> list[bytes]:
        """Each event as a calendar of its own: readers look at one."""
        found: list[bytes] = []
        for detail in Detail:
            _, address = create_feed(self.run.desk, FeedWish("Clinic; north, south", detail), SYSTEM)
            whole = self.client.get(address.removeprefix(self.run.desk.public_url)).data
            assert feed_faults(whole) == []
            head, *events = whole.split(BEGIN)
            found += [
                b"".join((head, BEGIN, each.partition(END)[0], END, b"END:VCALENDAR\r\n")) for each in events
            ]
        return found

    def objects(self) -> list[Made]:
        mailed = [(mail.calendar, mail.calendar_method) for mail in self.box.mails if mail.calendar]
        for content, method in mailed:
            assert faults(content, method) == []
        for content in self.files:
            assert faults(content, None) == []
        files = [Made(content, "") for content in (*self.files, *self.feeds())]
        return [*(Made(content, str(method)) for content, method in mailed), *files]


def lived(run: Runtime, client: FlaskClient) -> list[Made]:
    life = Life(run, client)
    spanish = {"name": "José Ñáñez; a, b", "birth_date": "1960-02-29", "email": "jose@patients.example"}
    moved = life.book(at(8, 10), 0, booked_by=HELPER)
    life.act(moved, Act.RESCHEDULE, partial(move, to=Destination(at(9, 11))))
    elsewhere = ContactChange({"email": "new@patients.example"})
    life.act(moved, Act.CONTACT, lambda scene: change_contact(scene, elsewhere))
    life.act(moved, Act.CONFIRM, confirm)
    life.act(moved, Act.CANCEL)
    life.act(moved, Act.UNDO, undo)
    there = life.book(at(8, 14), 1, mode="in_person", location="main", patient={**spanish, "language": "es"})
    life.act(there, Act.RESCHEDULE, partial(move, to=Destination(at(9, 14), location="main")))
    life.act(there, Act.ENTERED_IN_ERROR)
    asked = life.book(at(10, 10), 2, visit_type="reviewed")
    life.act(asked, Act.APPROVE)
    life.act(life.book(at(10, 14), 3, visit_type="reviewed"), Act.DECLINE)
    return life.objects()


def by_lint(made: Made) -> Seen:
    event = {name: line.value for name, line in event_of(made.content).items()}
    starts, ends = (
        datetime.strptime(event[name], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
        for name in ("DTSTART", "DTEND")
    )
    return Seen(starts, ends, event["UID"], int(event["SEQUENCE"]), event["STATUS"], made.method)


def by_vobject(made: Made) -> Seen:
    calendar = vobject.readOne(made.content.decode())
    event, method = calendar.vevent, calendar.contents.get("method")
    return Seen(
        event.dtstart.value.timestamp(),
        event.dtend.value.timestamp(),
        event.uid.value,
        int(event.sequence.value),
        event.status.value,
        method[0].value if method else "",
    )


def by(reader: Reader, objects: list[Made]) -> list[Seen]:
    found = reader([each.content for each in objects])
    assert [each["faults"] for each in found] == [[]] * len(objects)
    assert all(each.get("valid", True) for each in found)
    return [Seen(**{name: each[name] for name in Seen._fields}) for each in found]


@pytest.mark.node
@pytest.mark.libical
def test_all_readers_agree_over_every_object_of_a_visits_life(
    run: Runtime, client: FlaskClient, ical_js: Reader, libical: Reader
) -> None:
    objects = lived(run, client)
    methods = [each.method for each in objects]
    assert methods.count("REQUEST") >= 9
    assert methods.count("CANCEL") >= 5
    assert methods.count("") >= 12
    ours = [by_lint(each) for each in objects]
    assert [by_vobject(each) for each in objects] == ours
    assert by(ical_js, objects) == ours
    assert by(libical, objects) == ours
    assert {(each.ends - each.starts) / 60 for each in ours} == {30, 45}
