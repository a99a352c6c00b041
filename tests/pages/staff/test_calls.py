"""The call list of a day, as it is printed in the morning."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from scheduler.bootstrap import Runtime
from scheduler.db.models import AuditEntry, Message, Recipient, Task
from scheduler.domain.actors import Actor, ActorKind
from scheduler.domain.messages import ChannelName, MessageKind, MessageState
from scheduler.domain.people import Contact
from scheduler.domain.visits import Act
from scheduler.services.booking.making import book
from scheduler.services.changes.moving import Destination, move
from scheduler.services.changes.scene import Order, carry_out
from scheduler.services.changes.simple import advance
from scheduler.services.outbox.delivering import PostRoom, deliver
from scheduler.services.people.recipients import BOOKED_BY, enter_recipient
from scheduler.services.staff.tasks import TaskView, Wanted, list_tasks
from scheduler.services.telling.reaching import WRONG_NUMBER
from scheduler.services.telling.suppressing import suppress
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


def it_is(run: Runtime, when: datetime) -> None:
    with run.db.single() as connection:
        run.db.offset += when - run.db.now(connection)


def printed(run: Runtime, day: int, hour: int = 8, language: str = "en") -> str:
    """The list as it is then, without markup. Nobody stays signed in for days."""
    it_is(run, at(day, hour))
    who = Desk(run, name=f"desk-{uuid4()}", language=language)
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


# ------------------------------------------------------------------------------------- a number that is wrong


def wrong(run: Runtime, visit: UUID) -> None:
    """Whoever has the number answered WRONG to a text."""
    with run.db.transaction() as session:
        number = session.scalars(select(Recipient.phone_hash).where(Recipient.visit_id == visit)).first()
        assert number
        suppress(session, ChannelName.SMS, number, WRONG_NUMBER, run.db.now(session))


@pytest.mark.parametrize(
    ("language", "words"), [("en", "A new one is needed."), ("es", "Hace falta uno nuevo.")]
)
def test_nobody_is_told_to_call_a_stranger(run: Runtime, language: str, words: str) -> None:
    visit = by_phone(run)
    wrong(run, visit)
    assert words in printed(run, 8, language=language), "planned"
    it_is(run, at(8, 15))
    call(run, visit, MessageKind.REMINDER)
    desk = Desk(run, name="lee", language=language)
    for page in ("/calls", ""):
        said = plain(desk.get(page))
        assert words in said and "555-0120" not in said


def test_of_a_wrong_number_the_api_gives_what_to_say_and_no_number(run: Runtime) -> None:
    visit = by_phone(run)
    it_is(run, at(8, 15))
    call(run, visit, MessageKind.REMINDER)
    assert [task.call.phone for task in tasks(run) if task.call] == ["+14095550120"]
    wrong(run, visit)
    (task,) = tasks(run)
    assert task.call is None and task.saying


def tasks(run: Runtime) -> list[TaskView]:
    with run.db.transaction() as session:
        page = list_tasks(session, run.desk, Wanted(), None, 50, STAFF, run.db.now(session))
    return list(page.items)


def test_a_helper_with_a_number_is_called_instead(run: Runtime) -> None:
    visit = by_phone(run)
    wrong(run, visit)
    helper = Contact(name="Parent Example", phone="+14095550177")
    with run.db.transaction() as session:
        enter_recipient(session, run.desk, visit, BOOKED_BY, helper, receives=True)
    assert "Parent Example (409) 555-0177" in printed(run, 8)


def test_the_page_of_the_visit_says_which_number_is_wrong(run: Runtime) -> None:
    visit = by_phone(run)
    wrong(run, visit)
    said = plain(Desk(run).get(f"/visits/{visit}"))
    assert "(409) 555-0120 The number is somebody else's" in said
