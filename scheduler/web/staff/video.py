"""The room of a visit by video, and where its patient is: before staff go in as hosts."""

from uuid import UUID

from flask import Response, request, url_for

from scheduler.api.problems import slug_of
from scheduler.api.runtime import runtime
from scheduler.api.schemas.acts import WhereaboutsIn
from scheduler.domain.clinic import Mode
from scheduler.domain.errors import Conflict, Invalid, Refused
from scheduler.domain.scopes import Scope
from scheduler.domain.video import Door, closes_at, door, opens_at
from scheduler.domain.visits import Act, VisitStatus
from scheduler.domain.whereabouts import Stage
from scheduler.services.changes.scene import Order
from scheduler.services.changes.whereabouts import say_where
from scheduler.services.joining.entering import host
from scheduler.services.staff.intake import read_intake
from scheduler.services.visits.finding import read_visit
from scheduler.web.forms import errors_of, field, read
from scheduler.web.going import go
from scheduler.web.rendering import policy
from scheduler.web.speech import language
from scheduler.web.staff.acting import may_do
from scheduler.web.staff.members import may, require, staff_pages
from scheduler.web.staff.showing import show
from scheduler.web.texts import state_choices

PLACE = ("state", "address", "phone")

blueprint = staff_pages("desk_video", __name__)


@blueprint.get("/visits/<uuid:id>/video")
def show_video(id: UUID) -> Response:
    return _video(id, done=request.args.get("done", ""))


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


@blueprint.post("/visits/<uuid:id>/whereabouts")
def enter_place(id: UUID) -> Response:
    """Staff decide where the patient is; what was said before is kept."""
    run, actor = runtime(), require(Scope.VISITS)
    try:
        typed = {name: field(name) for name in PLACE}
        place = read(WhereaboutsIn, {**typed, "in_car": bool(field("in_car"))}).place()
        heard = say_where(run.desk, Order(id, Act.WHEREABOUTS, actor), place, Stage.BEFORE)
    except Invalid as invalid:
        return _video(id, 422, errors=errors_of(invalid))
    except Conflict as error:
        return _video(id, 409, slug_of(error))
    run.doorbell.ring(heard.changed.due)
    if not heard.allowed:
        return _video(id, 409, "check-in")
    return go(url_for("desk_video.show_video", id=id, done=Act.WHEREABOUTS))


def _video(
    id: UUID, status: int = 200, refused: str = "", done: str = "", errors: dict[str, str] | None = None
) -> Response:
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
        done=done,
        correctable=visit.mode == Mode.TELEMEDICINE and may_do(visit, Act.WHEREABOUTS),
        values={name: field(name) for name in (*PLACE, "in_car")},
        states=state_choices(language()),
        errors=errors or {},
    )
    # As at the patients' gate: browsers hold each redirect after a form against this.
    answer.headers["Content-Security-Policy"] = policy("https:")
    return answer
