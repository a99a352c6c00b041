"""The call list of a day, to be printed: whom to phone, what about, and in which language."""

from flask import Response

from scheduler.api.runtime import runtime
from scheduler.domain.scopes import Scope
from scheduler.services.staff.call_list import call_list
from scheduler.web.staff.members import require, staff_pages
from scheduler.web.staff.showing import show

blueprint = staff_pages("desk_calls", __name__)


@blueprint.get("/calls")
def show_calls() -> Response:
    actor, run = require(Scope.VISITS), runtime()
    with run.db.transaction() as session:
        now, calls = run.db.now(session), call_list(session, run.desk, actor)
    return show("calls.html", active="calls", now=now, calls=calls)
