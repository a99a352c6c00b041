"""Staff are told once more of a request when half of its time is over."""

from datetime import datetime
from uuid import UUID

import pytest
from sqlalchemy import select

from scheduler.bootstrap import Runtime
from scheduler.db.models import Message, Task
from scheduler.domain.actors import Actor, ActorKind
from scheduler.domain.messages import MessageKind
from scheduler.domain.tasks import TaskKind
from scheduler.domain.visits import Act
from scheduler.services.booking.making import book
from scheduler.services.changes.moving import Destination, move
from scheduler.services.changes.scene import Order, carry_out
from scheduler.services.changes.simple import advance
from scheduler.services.rounds.waiting import tell_of_unanswered
from scheduler.services.telling.alerting import tell_of_new
from tests.cast import NOW, at
from tests.services.asking import put_in_force, request

STAFF = Actor(ActorKind.STAFF, "front-desk")


@pytest.fixture
def asked(run: Runtime) -> UUID:
    """On Tuesday at six, for Monday in a fortnight: to be answered by Wednesday at five."""
    return book(run.desk, request(at(14, 10), visit_type="reviewed")).visit.id


def told(run: Runtime) -> list[tuple[datetime, bool]]:
    """By when each is to be answered, and whether it was."""
    with run.db.transaction() as session:
        found = session.scalars(select(Task).where(Task.kind == TaskKind.UNANSWERED).order_by(Task.id))
        return [(task.due_at, task.done_at is not None) for task in found]


def test_half_of_sixteen_opening_hours_is_the_end_of_the_first_day(run: Runtime, asked: UUID) -> None:
    assert tell_of_unanswered(run.desk, at(1, 16, 59)) == 0
    assert tell_of_unanswered(run.desk, at(1, 17)) == 1
    assert told(run) == [(at(2, 17), False)]


def test_once_is_enough_also_after_somebody_ticked_it_off(run: Runtime, asked: UUID) -> None:
    tell_of_unanswered(run.desk, at(1, 17))
    with run.db.transaction() as session:
        session.scalars(select(Task).where(Task.kind == TaskKind.UNANSWERED)).one().done_at = NOW
    assert tell_of_unanswered(run.desk, at(2, 9)) == 0


@pytest.mark.parametrize("act", [Act.APPROVE, Act.DECLINE, Act.EXPIRE, Act.CANCEL])
def test_the_answer_closes_it(run: Runtime, asked: UUID, act: Act) -> None:
    tell_of_unanswered(run.desk, at(1, 17))
    carry_out(run.desk, Order(asked, act, STAFF), advance)
    assert told(run) == [(at(2, 17), True)]
    assert tell_of_unanswered(run.desk, at(2, 9)) == 0


def test_one_that_was_moved_waits_anew(run: Runtime, asked: UUID) -> None:
    tell_of_unanswered(run.desk, at(1, 17))
    sooner = Destination(start=at(9, 10))
    carry_out(run.desk, Order(asked, Act.RESCHEDULE, STAFF), lambda scene: move(scene, sooner))
    assert tell_of_unanswered(run.desk, at(1, 17)) == 1, "asked for at six again"


def test_what_is_overdue_is_not_half_way(run: Runtime, asked: UUID) -> None:
    assert tell_of_unanswered(run.desk, at(2, 17)) == 0


ALERTS = """

[alerts.unanswered]
tell = ["desk@clinic.example"]
"""


def test_people_of_the_clinic_are_alerted(run: Runtime, asked: UUID) -> None:
    put_in_force(run, {'join = "1h"': 'join = "1h"' + ALERTS})
    tell_of_unanswered(run.desk, at(1, 17))
    assert tell_of_new(run.desk, at(1, 17)) == 1
    with run.db.transaction() as session:
        (alert,) = session.scalars(select(Message).where(Message.kind == MessageKind.ALERT))
        assert session.get_one(Task, alert.task_id).kind == TaskKind.UNANSWERED
