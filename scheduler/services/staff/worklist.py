"""What there is to do, with whom it is about: the first thing that the front desk sees."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from scheduler.domain.actors import Actor
from scheduler.services.ground.desk import Desk
from scheduler.services.ground.pages import Page
from scheduler.services.staff.tasks import TaskView, Wanted, list_tasks
from scheduler.services.visits.finding import visits_of
from scheduler.services.visits.for_staff import StaffVisit


@dataclass(frozen=True, slots=True)
class Work:
    task: TaskView
    visit: StaffVisit | None

    @property
    def says(self) -> str | None:
        """The kind of the message that opened it: what somebody who calls has to say."""
        return self.task.saying.kind if self.task.saying else None


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
    work = [Work(task, visits.get(task.visit) if task.visit else None) for task in page.items]
    return Page(work, page.next)
