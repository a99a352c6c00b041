"""The call list of a day, to be printed: whom to phone, what about, and in which language."""

from collections.abc import Sequence
from datetime import datetime

from flask import Response

from scheduler.api.runtime import runtime
from scheduler.domain.scopes import Scope
from scheduler.domain.tasks import TaskKind
from scheduler.domain.times import local_date
from scheduler.services.staff_tasks import Wanted
from scheduler.services.worklist import Work, list_work
from scheduler.web.staff.members import require, staff_pages
from scheduler.web.staff.showing import show, the_clinic

MOST = 500

blueprint = staff_pages("desk_calls", __name__)


@blueprint.get("/calls")
def show_calls() -> Response:
    actor, run = require(Scope.VISITS), runtime()
    with run.db.transaction() as session:
        now = run.db.now(session)
        page = list_work(session, run.desk, Wanted(), None, MOST, actor, now)
    return show("calls.html", active="calls", now=now, work=_to_call(page.items, now))


def _to_call(work: Sequence[Work], now: datetime) -> list[Work]:
    """By the end of today; requests are answered on their page, which tells the patient."""
    zone = the_clinic().timezone
    today = local_date(now, zone)
    return [
        each
        for each in work
        if each.visit and each.task.kind != TaskKind.APPROVE and local_date(each.task.due, zone) <= today
    ]
