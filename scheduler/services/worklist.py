"""What there is to do, with whom it is about: the first thing that the front desk sees."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scheduler.db.models import Message, Task
from scheduler.domain.actors import Actor
from scheduler.services.desk import Desk
from scheduler.services.finding import visits_of
from scheduler.services.pages import Page
from scheduler.services.staff_tasks import TaskView, Wanted, list_tasks
from scheduler.services.staff_visits import StaffVisit


@dataclass(frozen=True, slots=True)
class Work:
    task: TaskView
    visit: StaffVisit | None
    says: str | None
    """The kind of the message that opened it: what somebody who calls has to say."""


def list_work(
    session: Session,
    desk: Desk,
    wanted: Wanted,
    after: tuple[datetime, int] | None,
    limit: int,
    actor: Actor,
    now: datetime,
) -> Page[Work, int]:
    """Tasks with their visits, the most urgent first."""
    page = list_tasks(session, desk, wanted, after, limit, actor, now)
    about = {task.visit for task in page.items if task.visit is not None}
    visits = visits_of(session, desk, about, actor, now)
    said = _messages_behind(session, [task.id for task in page.items])
    work = [
        Work(task, visits.get(task.visit) if task.visit else None, said.get(task.id)) for task in page.items
    ]
    return Page(work, page.next)


def _messages_behind(session: Session, tasks: Sequence[int]) -> dict[int, str]:
    """Kinds of messages, by the task that each of them opened."""
    cause = func.concat("message:", Message.id)
    behind = select(Task.id, Message.kind).join(Message, cause == Task.cause).where(Task.id.in_(tasks))
    return {row.id: row.kind for row in session.execute(behind)}
