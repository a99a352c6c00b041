"""The call list of a day, to be printed: whom to phone, what about, and in which language."""

from flask import Response

from scheduler.api.runtime import runtime
from scheduler.domain.scopes import Scope
from scheduler.services.staff_tasks import Wanted
from scheduler.services.worklist import list_work
from scheduler.web.staff.members import require, staff_pages
from scheduler.web.staff.showing import show

MOST = 500

blueprint = staff_pages("desk_calls", __name__)


@blueprint.get("/calls")
def show_calls() -> Response:
    actor, run = require(Scope.VISITS), runtime()
    with run.db.transaction() as session:
        now = run.db.now(session)
        page = list_work(session, run.desk, Wanted(), None, MOST, actor, now)
    return show("calls.html", active="calls", now=now, work=[each for each in page.items if each.visit])
