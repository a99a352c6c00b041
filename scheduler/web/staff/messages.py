"""Messages that nobody heard, and sending them again."""

from flask import Response, request, url_for

from scheduler.api.runtime import runtime
from scheduler.domain.errors import Conflict
from scheduler.domain.scopes import Scope
from scheduler.services.staff.evidence import list_unheard, send_again
from scheduler.web.going import go
from scheduler.web.staff.members import may, require, staff_pages
from scheduler.web.staff.showing import show

MOST = 100

blueprint = staff_pages("desk_messages", __name__)


@blueprint.get("/messages")
def show_messages() -> Response:
    return _messages(done=request.args.get("done", ""))


def _messages(status: int = 200, done: str = "", refused: str = "") -> Response:
    actor, run = require(Scope.MESSAGES), runtime()
    with run.db.transaction() as session:
        unheard = list_unheard(session, run.desk, MOST, actor, run.db.now(session))
    return show(
        "messages.html",
        status,
        active="messages",
        unheard=unheard,
        done=done,
        refused=refused,
        sees_visits=may(Scope.VISITS),
    )


@blueprint.post("/messages/<int:id>/again")
def again(id: int) -> Response:
    actor, run = require(Scope.MESSAGES), runtime()
    try:
        run.doorbell.ring([send_again(run.desk, id, actor)])
    except Conflict:
        return _messages(409, refused="no-longer-true")
    return go(url_for("desk_messages.show_messages", done="message"))
