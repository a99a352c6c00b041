"""The first page: what there is to do, most urgent first; requests that wait; whom to call."""

from flask import Response, request, url_for

from scheduler.api.runtime import runtime
from scheduler.api.schemas.tasks import DoneIn
from scheduler.domain.errors import TaskTaken
from scheduler.domain.scopes import Scope
from scheduler.domain.tasks import TaskKind
from scheduler.services.staff import tasks
from scheduler.services.staff.tasks import Wanted
from scheduler.services.staff.worklist import list_work
from scheduler.web.forms import field, read
from scheduler.web.going import go
from scheduler.web.staff.members import may, member, require, staff_pages
from scheduler.web.staff.showing import show

MOST = 100

blueprint = staff_pages("desk_start", __name__)


@blueprint.get("")
def show_start() -> Response:
    """Whoever may not see visits begins where they may go."""
    return _start() if may(Scope.VISITS) else show("elsewhere.html", active="start")


def _start(status: int = 200, notice: str = "") -> Response:
    actor, run = require(Scope.VISITS), runtime()
    with run.db.transaction() as session:
        now = run.db.now(session)
        page = list_work(session, run.desk, Wanted(), None, MOST, actor, now)
    requests = [work for work in page.items if work.task.kind == TaskKind.APPROVE]
    return show(
        "start.html",
        status,
        active="start",
        now=now,
        requests=requests,
        others=[work for work in page.items if work not in requests],
        more=page.next is not None,
        mine=str(member().actor),
        done=request.args.get("done", ""),
        notice=notice,
    )


@blueprint.post("/tasks/<int:id>/claim")
def claim(id: int) -> Response:
    actor = require(Scope.VISITS)
    try:
        tasks.claim(runtime().desk, id, actor)
    except TaskTaken:
        return _start(409, "task-taken")
    return _back("claim")


@blueprint.post("/tasks/<int:id>/release")
def release(id: int) -> Response:
    actor = require(Scope.VISITS)
    try:
        tasks.release(runtime().desk, id, actor)
    except TaskTaken:
        return _start(409, "task-taken")
    return _back("release")


@blueprint.post("/tasks/<int:id>/done")
def finish(id: int) -> Response:
    actor, asked = require(Scope.VISITS), read(DoneIn, {"note": field("note")})
    try:
        tasks.finish(runtime().desk, id, actor, asked.note)
    except TaskTaken:
        return _start(409, "task-taken")
    return _back("task")


def _back(done: str) -> Response:
    return go(url_for("desk_start.show_start", done=done))
