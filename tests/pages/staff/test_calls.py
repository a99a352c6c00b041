"""The call list of a day, as it is printed in the morning."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select, update

from scheduler.bootstrap import Runtime
from scheduler.db.models import AuditEntry, Message, Task
from scheduler.domain.actors import Actor, ActorKind
from scheduler.domain.messages import MessageKind, MessageState
from scheduler.domain.visits import Act
from scheduler.services.booking import book
from scheduler.services.changes.moving import Destination, move
from scheduler.services.changes.scene import Order, carry_out
from scheduler.services.changes.simple import advance
from scheduler.services.outbox.delivering import PostRoom, deliver
from tests.cast import NOW, at
from tests.pages.staff.desk import Desk, plain
from tests.services.asking import request

STAFF = Actor(ActorKind.STAFF, "kim")
COMES_UP = "The visit comes up: date, time and place. Ask whether they come."


def by_phone(run: Runtime, number: int = 0, start: datetime | None = None, **who: Any) -> UUID:
    """A visit of Wednesday in a week at 14:00, of which nothing but the phone tells; nothing but its
    last reminder is left to be told."""
    whose: dict[str, Any] = {"name": "Ana Example", "phone": f"+1409555012{number}", "email": None, **who}
    visit = book(run.desk, request(start or at(9, 14), number, **whose)).visit.id
    call(run, visit, MessageKind.CONFIRMED)
    with run.db.transaction() as session:
        session.execute(update(Task).values(done_at=NOW, done_by="staff:kim"))
        earlier = update(Message).where(Message.offset_minutes == 72 * 60)
        session.execute(earlier.values(state=MessageState.SENT))
    return visit


def call(run: Runtime, visit: UUID, kind: MessageKind) -> None:
    """What is said by phone becomes a task, as it is due."""
    told = select(Message.id).where(Message.visit_id == visit, Message.kind == kind)
    with run.db.transaction() as session:
        message = session.scalars(told.order_by(Message.id.desc())).first()
    assert message
    deliver(PostRoom(run.desk, run.channels, "worker"), message)


def printed(run: Runtime, day: int, hour: int = 8) -> str:
    """The list as it is then, without markup. Nobody stays signed in for days."""
    with run.db.single() as connection:
        run.db.offset += at(day, hour) - run.db.now(connection)
    who = Desk(run, name=f"desk-{uuid4()}")
    return plain(who.get("/calls"))


def test_a_list_of_the_morning_has_the_calls_of_the_day(run: Runtime) -> None:
    by_phone(run)
    assert COMES_UP not in printed(run, 7), "that is tomorrow's"
    said = printed(run, 8)
    assert "Tue, Dec 8, 2:00 PM Ana Example (409) 555-0120 English" in said
    assert f"{COMES_UP} Example Clinic: reminder: Dr. " in said


def test_that_somebody_read_names_and_numbers_is_audited(run: Runtime) -> None:
    visit = by_phone(run)
    printed(run, 8)
    with run.db.transaction() as session:
        read = session.scalars(select(AuditEntry).where(AuditEntry.act == "list")).all()
    assert [each.detail["ids"] for each in read] == [[str(visit)]]


def test_when_it_is_due_it_is_on_the_list_once_and_when_it_is_done_no_more(run: Runtime) -> None:
    visit = by_phone(run)
    assert printed(run, 8, 15).count(COMES_UP) == 1, "nobody was there to make a task of it"
    call(run, visit, MessageKind.REMINDER)
    assert printed(run, 8, 15).count(COMES_UP) == 1
    with run.db.transaction() as session:
        session.execute(update(Task).values(done_at=NOW, done_by="staff:kim"))
    assert COMES_UP not in printed(run, 8, 16)


def test_a_visit_that_is_cancelled_or_moved_is_not_called_as_it_was(run: Runtime) -> None:
    cancelled, moved = by_phone(run), by_phone(run, 1, at(9, 15), name="Eva Example")
    assert printed(run, 8).count(COMES_UP) == 2
    carry_out(run.desk, Order(cancelled, Act.CANCEL, STAFF), advance)
    later = Destination(start=at(15, 10))
    carry_out(run.desk, Order(moved, Act.RESCHEDULE, STAFF), lambda scene: move(scene, later))
    said = printed(run, 8)
    assert COMES_UP not in said
    assert said.count("Ana Example") == said.count("Eva Example") == 1, "the news, and nothing twice"


def test_calls_are_in_the_order_in_which_they_are_due(run: Runtime) -> None:
    by_phone(run, 0, at(9, 15))
    by_phone(run, 1, at(9, 11), name="Eva Example")
    book(run.desk, request(at(9, 10), 2, name="Mia Example", phone="+14095550122"))
    said = printed(run, 8)
    assert said.index("Eva Example") < said.index("Ana Example")
    assert COMES_UP not in said.partition("Mia Example")[2], "a mail reaches her"


def test_a_patient_is_called_in_their_language(run: Runtime) -> None:
    by_phone(run, language="es")
    said = printed(run, 8)
    assert "Español" in said and "recuerde: Dr. " in said


def test_what_helps_no_more_is_not_called(run: Runtime) -> None:
    by_phone(run)
    with run.db.transaction() as session:
        session.execute(update(Message).values(expires_at=at(8, 14)))
    assert COMES_UP not in printed(run, 8, 15)
