"""The call list of a day: whom to phone until its end, what about, and in which language."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from scheduler.domain.actors import Actor
from scheduler.domain.tasks import TaskKind
from scheduler.domain.times import day_span, local_date
from scheduler.services.ground.desk import Desk
from scheduler.services.staff.phoning import Saying, planned_sayings
from scheduler.services.staff.tasks import Wanted
from scheduler.services.staff.worklist import list_work
from scheduler.services.visits.finding import visits_of
from scheduler.services.visits.for_staff import StaffVisit

MOST = 500


@dataclass(frozen=True, slots=True)
class ToCall:
    due: datetime
    kind: str
    """Of the task that it is, or becomes when it is due."""
    visit: StaffVisit
    saying: Saying | None


def call_list(session: Session, desk: Desk, actor: Actor) -> list[ToCall]:
    """The most urgent first: tasks that are due by tonight, and calls that become tasks until then."""
    moment = desk.clinics.moment(session)
    today = local_date(moment.now, moment.clinic.timezone)
    _, night = day_span(today, today, moment.clinic.timezone)
    calls = [
        *_tasks(session, desk, night, actor, moment.now),
        *_planned(session, desk, night, actor, moment.now),
    ]
    return sorted(calls, key=lambda each: each.due)


def _tasks(session: Session, desk: Desk, until: datetime, actor: Actor, now: datetime) -> Iterator[ToCall]:
    """Requests are answered on their page, which tells the patient."""
    for work in list_work(session, desk, Wanted(), None, MOST, actor, now).items:
        task = work.task
        if work.visit and task.kind != TaskKind.APPROVE and task.due < until:
            yield ToCall(task.due, task.kind, work.visit, task.saying)


def _planned(session: Session, desk: Desk, until: datetime, actor: Actor, now: datetime) -> Iterator[ToCall]:
    planned = planned_sayings(session, desk, now, until, MOST)
    visits = visits_of(session, desk, {each.visit for each in planned}, actor, now)
    for each in planned:
        yield ToCall(each.due, TaskKind.CALL, visits[each.visit], each.saying)
