"""The room of a visit by video, and where its patient is: before staff go in as hosts."""

from uuid import UUID

from flask import Response

from scheduler.api.problems import slug_of
from scheduler.api.runtime import runtime
from scheduler.domain.errors import Conflict, Refused
from scheduler.domain.scopes import Scope
from scheduler.domain.video import Door, closes_at, door, opens_at
from scheduler.domain.visits import VisitStatus
from scheduler.services.finding import read_visit
from scheduler.services.intake import read_intake
from scheduler.services.joining.entering import host
from scheduler.web.going import go
from scheduler.web.rendering import policy
from scheduler.web.staff.members import may, require, staff_pages
from scheduler.web.staff.showing import show

blueprint = staff_pages("desk_video", __name__)


@blueprint.get("/visits/<uuid:id>/video")
def show_video(id: UUID) -> Response:
    return _video(id)


@blueprint.post("/visits/<uuid:id>/join")
def go_in(id: UUID) -> Response:
    """As the host."""
    run, actor = runtime(), require(Scope.VISITS)
    try:
        admitted = host(run.desk, id, actor)
    except (Conflict, Refused) as error:
        return _video(id, 409, slug_of(error))
    run.doorbell.ring(admitted.due)
    return go(admitted.url)


def _video(id: UUID, status: int = 200, refused: str = "") -> Response:
    """Where the patient said to be is shown to those who may read what patients answer."""
    actor, run = require(Scope.VISITS), runtime()
    with run.db.transaction() as session:
        now = run.db.now(session)
        visit = read_visit(session, run.desk, id, actor, now)
        places = read_intake(session, run.desk, id, actor, now).whereabouts if may(Scope.INTAKE) else None
    stands = door(VisitStatus(visit.status), visit.mode, visit.start, visit.end, now)
    answer = show(
        "video.html",
        status,
        visit=visit,
        open=stands is Door.OPEN,
        opens=opens_at(visit.start),
        closes=closes_at(visit.end),
        places=places,
        refused=refused,
    )
    # As at the patients' gate: browsers hold each redirect after a form against this.
    answer.headers["Content-Security-Policy"] = policy("https:")
    return answer
