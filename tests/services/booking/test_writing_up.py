"""What is said of a booking before its rows are written: the same as what is read of them afterwards."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select

from scheduler.bootstrap import Runtime
from scheduler.db.models import Message, Recipient, Suppression, Task
from scheduler.domain.booking import BookingRequest
from scheduler.domain.errors import SlotTaken
from scheduler.domain.people import Booker, Receives
from scheduler.domain.tasks import TaskKind
from scheduler.services.booking.making import book
from scheduler.services.telling.reaching import notify, who_hears
from scheduler.services.visits.reading import view
from tests.cast import at
from tests.services.asking import in_person, put_in_force, request

TEN = at(3, 10)
NUMBER = "+14095550123"
BY_PHONE: dict[str, Any] = {"email": None, "phone": NUMBER}
BOTH: dict[str, Any] = {"email": "pat@patients.example", "phone": NUMBER}


def asked(*consents: str, receives: Receives | None = None, **who: Any) -> BookingRequest:
    wanted = replace(request(TEN, **who), consents=consents)
    if receives is None:
        return wanted
    helper = Booker(
        name="Hal Example",
        email="hal@helpers.example",
        phone=NUMBER,
        relationship="parent",
        receives=receives,
        timezone="America/Denver",
    )
    return replace(wanted, booked_by=helper)


BOOKINGS: dict[str, BookingRequest] = {
    "by mail": asked(),
    "in the office, in a room": in_person(TEN, practitioner="one"),
    "by phone": asked(**BY_PHONE),
    "by phone, who wants texts": asked("sms:1", **BY_PHONE),
    "by both": asked("sms:1", **BOTH),
    "by both, who wants texts only": asked("sms:1", channels=("sms",), timezone="Asia/Tokyo", **BOTH),
    "through a helper": asked("sms:1", receives=Receives.INSTEAD),
    "with a helper": asked("sms:1", receives=Receives.ALSO, **BOTH),
    "with a helper who hears nothing": asked(receives=Receives.NOTHING, language="es"),
    "as a minor": asked(receives=Receives.NOTHING, birth_date=date(2020, 2, 29)),
}


@pytest.fixture(params=list(BOOKINGS.values()), ids=list(BOOKINGS))
def booking(request: pytest.FixtureRequest) -> BookingRequest:
    wanted: BookingRequest = request.param
    return wanted


def test_the_answer_is_the_visit_as_it_is_read_later(run: Runtime, booking: BookingRequest) -> None:
    answered = book(run.desk, booking).visit
    with run.db.transaction() as session:
        assert view(session, run.desk, answered.id) == answered


def test_messages_go_the_ways_by_which_people_are_reached(run: Runtime, booking: BookingRequest) -> None:
    visit = book(run.desk, booking).visit
    with run.db.transaction() as session:
        told = who_hears(session, visit.id)
        planned = select(Message.recipient_id, Message.channel).where(Message.visit_id == visit.id)
        ways = {(recipient, channel) for recipient, channel in session.execute(planned)}
    assert {who for who, _ in ways} == {each.recipient for each in told}
    for each in told:
        assert {way for who, way in ways if who == each.recipient} & (each.reach.reached or {"call"})
    assert visit.notify == notify(
        ("email" in each.reach.reached, "sms" in each.reach.reached) for each in told
    )


def test_an_address_that_wants_nothing_more_is_called_from_the_first_message_on(run: Runtime) -> None:
    unwanted = run.desk.secrets.lookup.hash("email", "pat@patients.example")
    with run.db.transaction() as session:
        session.add(Suppression(channel="email", contact_hash=unwanted, since=at(1, 6), reason="test"))
    assert book(run.desk, request(TEN, email="Pat@Patients.example")).visit.notify == "call"


@pytest.mark.parametrize(("before", "now", "by"), [(True, None, "sms"), (False, True, "sms")])
def test_the_last_word_on_texts_counts(run: Runtime, before: bool, now: bool | None, by: str) -> None:
    said: Callable[[bool | None], tuple[str, ...]] = lambda yes: ("sms:1",) if yes else ()  # noqa: E731
    book(run.desk, asked(*said(before), **BY_PHONE))
    later = replace(asked(*said(now), name="Sam Example", **BY_PHONE), start=at(3, 14))
    assert book(run.desk, later).visit.notify == by


def test_who_may_be_known_by_another_address_is_looked_at_by_staff(run: Runtime) -> None:
    first = book(run.desk, request(TEN, 1, email="one@patients.example")).visit
    again = book(run.desk, request(at(3, 14), 1, email="two@patients.example")).visit
    with run.db.transaction() as session:
        (task,) = session.scalars(select(Task).where(Task.kind == TaskKind.SAME_PERSON)).all()
        patients = select(Recipient.visit_id).where(Recipient.visit_id.in_([first.id, again.id]))
        assert len(session.scalars(patients).all()) == 2
    assert (task.visit_id, task.due_at) == (again.id, at(3, 14))


@contextmanager
def listening(run: Runtime) -> Iterator[list[tuple[str, Any]]]:
    """The statements of this process, and what they ask for."""
    heard: list[tuple[str, Any]] = []
    listener = (run.db.engine, "before_cursor_execute", lambda *said: heard.append((said[2], said[3])))
    event.listen(*listener)
    try:
        yield heard
    finally:
        event.remove(*listener)


def test_a_booking_takes_few_statements_and_fewer_while_others_wait(run: Runtime) -> None:
    book(run.desk, request(TEN, practitioner="two"))  # after it the clinic is known
    with listening(run) as heard:
        book(run.desk, request(TEN, 1, practitioner="one"))
    asked_for = [statement for statement, _ in heard]
    locked = next(number for number, each in enumerate(asked_for) if "FOR NO KEY UPDATE" in each)
    assert (len(asked_for), len(asked_for) - locked) == (6, 3)
    assert max(map(len, asked_for)) <= 4096, "what is longer is taken apart anew each time by the driver"


def test_under_the_lock_nobody_looks_at_the_rest_of_the_day_unless_it_counts(run: Runtime) -> None:
    own = {"start": TEN - timedelta(minutes=10), "end": TEN + timedelta(minutes=50)}
    for limit, narrow in (("", True), ("\ndaily_limit = 1", False)):
        put_in_force(run, {'code = "buffered"': f'code = "buffered"{limit}'})
        with listening(run) as heard, suppress(SlotTaken):
            book(run.desk, request(TEN, visit_type="buffered", practitioner="one"))
        (looked_at,) = [asked for statement, asked in heard if "busy_times" in statement][:1]
        assert ({name: looked_at[name] for name in own} == own) is narrow
