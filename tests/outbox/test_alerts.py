"""Staff hear of what they have to do: once, in opening hours, and only while nobody has taken it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select, text, update

from scheduler.bootstrap import Runtime
from scheduler.channels.mime import Mail
from scheduler.channels.outcome import Fence, Outcome
from scheduler.db.models import Message, MessageAttempt, Task
from scheduler.domain.actors import Actor, ActorKind
from scheduler.domain.alerts import OUT_OF_HOURS
from scheduler.domain.messages import MessageKind, MessageState
from scheduler.services.staff import tasks as staff_tasks
from scheduler.services.tasks.opening import open_task
from scheduler.services.telling import alerting
from tests.cast import at
from tests.outbox.conftest import Book, claim_at, now, rows
from tests.outbox.postbox import Postbox, make_round
from tests.services.asking import put_in_force

LANGUAGES = 'languages = ["en", "es"]'
ALERTS = """
[alerts.default]
tell = ["desk@staff.example", "+1 409 555 0120", "second@staff.example"]
then = [{ after = "30min", tell = ["manager@staff.example"] }]
out_of_hours = ["night@staff.example"]
"""
JOIN = 'join = "1h"'
DESK, SECOND, MANAGER, NIGHT = (f"{who}@staff.example" for who in ("desk", "second", "manager", "night"))
SOMEBODY = Actor(ActorKind.STAFF, "somebody")

End = Callable[[Runtime, int], object]


@pytest.fixture(autouse=True)
def _told(run: Runtime) -> None:
    put_in_force(run, {JOIN: JOIN + ALERTS})


def wait(run: Runtime, **time: float) -> None:
    """The clock stood at six in the morning, three hours before the clinic opens."""
    run.db.offset += timedelta(**time)


def opened(run: Runtime, kind: str = "call") -> int:
    with run.db.transaction() as session:
        open_task(session, kind, None, "test", at(2, 9), run.db.now(session))
        return session.scalars(select(Task.id).order_by(Task.id.desc()).limit(1)).one()


def go_round(run: Runtime, box: Postbox) -> set[str]:
    """What the timetable and a worker do; whom it told."""
    alerting.tell_of_new(run.desk, now(run))
    before = len(box.mails)
    make_round(run, box)
    return {mail.recipient for mail in box.mails[before:]}


def alerts(run: Runtime) -> dict[tuple[int | None, int | None], str]:
    found = rows(run, kind=MessageKind.ALERT)
    return {(each.alert_step, each.alert_to): each.state for each in found}


def claim(run: Runtime, task: int) -> None:
    staff_tasks.claim(run.desk, task, SOMEBODY)


def finish(run: Runtime, task: int) -> None:
    staff_tasks.finish(run.desk, task, SOMEBODY, None)


def test_those_of_the_clinic_file_are_told_once(run: Runtime) -> None:
    wait(run, hours=4)
    opened(run)
    box = Postbox()
    assert [go_round(run, box), go_round(run, box)] == [{DESK, SECOND}, set()]
    assert len(box.mails) == 2
    assert alerts(run) == {(0, 0): "sent", (0, 1): "sent", (0, 2): "sent", (1, 0): "pending"}


def test_what_many_sweepers_plan_at_once_stands_there_once(run: Runtime) -> None:
    wait(run, hours=4)
    opened(run)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(partial(alerting.tell_of_new, run.desk), [now(run)] * 4))
    assert len(rows(run)) == 4


def test_the_next_ones_are_told_after_their_minutes_if_nobody_took_the_task(run: Runtime) -> None:
    wait(run, hours=4)
    opened(run)
    box = Postbox()
    go_round(run, box)
    wait(run, minutes=29)
    assert go_round(run, box) == set()
    wait(run, minutes=1)
    assert go_round(run, box) == {MANAGER}


@pytest.mark.parametrize("end", [claim, finish])
def test_nobody_else_is_told_of_a_task_that_somebody_took_or_did(run: Runtime, end: End) -> None:
    wait(run, hours=4)
    task = opened(run)
    box = Postbox()
    go_round(run, box)
    end(run, task)
    wait(run, minutes=31)
    assert go_round(run, box) == set()
    assert alerts(run)[1, 0] == MessageState.SUPERSEDED


def test_a_task_that_is_taken_before_anybody_heard_of_it_needs_no_alert(run: Runtime) -> None:
    task = opened(run)
    claim(run, task)
    assert alerting.tell_of_new(run.desk, now(run)) == 0
    staff_tasks.release(run.desk, task, SOMEBODY)
    assert alerting.tell_of_new(run.desk, now(run)) == 1


@pytest.mark.parametrize("end", [claim, finish])
def test_a_task_that_is_taken_while_the_mail_is_on_its_way_stops_it(run: Runtime, end: End) -> None:
    wait(run, hours=4)
    box = Interrupted(partial(end, run, opened(run)))
    assert go_round(run, box) == set()
    assert alerts(run)[0, 0] == alerts(run)[0, 2] == MessageState.SUPERSEDED


class Interrupted(Postbox):
    """Something happens just before the first fence."""

    def __init__(self, happens: Callable[[], object]) -> None:
        super().__init__()
        self._happens = [happens]

    def deliver(self, mail: Mail, fence: Fence) -> Outcome:
        while self._happens:
            self._happens.pop()()
        return super().deliver(mail, fence)


def test_out_of_hours_only_those_who_want_it_are_told_and_the_others_in_the_morning(run: Runtime) -> None:
    opened(run)
    box = Postbox()
    assert go_round(run, box) == {NIGHT}
    wait(run, hours=3)
    assert go_round(run, box) == {DESK, SECOND}
    wait(run, minutes=30)
    assert go_round(run, box) == {MANAGER}
    assert set(alerts(run)) == {(OUT_OF_HOURS, 0), (0, 0), (0, 1), (0, 2), (1, 0)}


def test_an_alert_says_nothing_of_the_patient(run: Runtime, book: Book) -> None:
    wait(run, hours=4)
    person = {"name": "Zoraida Quintanilla", "email": "zoraida@patients.example"}
    book(at(8, 10), visit_type="reviewed", new_patient=True, patient=person)
    box = Postbox()
    go_round(run, box)
    told = [mail for mail in box.mails if mail.recipient.endswith("@staff.example")]
    assert len(told) == 2
    for mail in told:
        assert mail.subject == "A task is waiting"
        assert mail.text.startswith("An appointment request waits for an answer.\n")
        assert "https://visits.example/staff" in mail.text
        assert (mail.calendar, mail.references) == (None, ())
        for secret in ("Zoraida", "Quintanilla", "zoraida", "555-0123", "1960", "2026", "10:00", "/v/"):
            assert secret not in mail.subject + mail.text + mail.html


def test_it_is_in_the_clinics_first_language(run: Runtime) -> None:
    put_in_force(run, {JOIN: JOIN + ALERTS, LANGUAGES: 'languages = ["es", "en"]'})
    opened(run)
    box = Postbox()
    go_round(run, box)
    assert [mail.subject for mail in box.mails] == ["Hay una tarea pendiente"]


def test_who_was_taken_out_of_the_clinic_file_meanwhile_is_not_told(run: Runtime) -> None:
    wait(run, hours=4)
    opened(run)
    alerting.tell_of_new(run.desk, now(run))
    fewer = ALERTS.replace(', "+1 409 555 0120", "second@staff.example"', "")
    put_in_force(run, {JOIN: JOIN + fewer})
    box = Postbox()
    assert go_round(run, box) == {DESK}
    still = {(0, 0): "sent", (1, 0): "pending"}
    assert alerts(run) == {**still, (0, 1): "superseded", (0, 2): "superseded"}


def test_an_address_that_is_written_otherwise_meanwhile_is_told_at_the_new_one(run: Runtime) -> None:
    wait(run, hours=4)
    opened(run)
    alerting.tell_of_new(run.desk, now(run))
    put_in_force(run, {JOIN: JOIN + ALERTS.replace("desk@", "new-desk@")})
    assert go_round(run, Postbox()) == {"new-desk@staff.example", SECOND}


def test_every_attempt_goes_to_the_address_of_the_first(run: Runtime) -> None:
    wait(run, hours=4)
    opened(run)
    alerting.tell_of_new(run.desk, now(run))
    held = claim_at(run, rows(run)[0].id)
    with run.db.transaction() as session:
        session.execute(update(Message).values(state=MessageState.PENDING, token=None))
    put_in_force(run, {JOIN: JOIN + ALERTS.replace("desk@", "new-desk@")})
    assert len(held) == 2
    assert go_round(run, Postbox()) == {DESK, SECOND}


def test_a_clinic_that_says_nothing_of_alerts_sends_none(run: Runtime) -> None:
    put_in_force(run, {})
    opened(run)
    assert go_round(run, Postbox()) == set()
    assert rows(run) == []


def test_no_address_is_kept_in_the_outbox(run: Runtime) -> None:
    opened(run)
    go_round(run, Postbox())
    with run.db.transaction() as session:
        for table in (Message, MessageAttempt):
            kept = session.execute(text(f"SELECT string_agg(t::text, ' ') FROM {table.__tablename__} t"))
            assert "staff.example" not in (kept.scalar_one() or "")
