"""Another time, another practitioner, another mode: free times for a visit that there is."""

from uuid import UUID

from flask import Response, request, url_for

from scheduler.api.clients import client
from scheduler.api.problems import slug_of
from scheduler.api.runtime import runtime
from scheduler.api.schemas.acts import ConvertIn, RescheduleIn
from scheduler.domain.clinic import Mode
from scheduler.domain.errors import Barred, Conflict, Invalid, Refused
from scheduler.domain.needs import met
from scheduler.domain.scopes import Scope
from scheduler.domain.visits import Act
from scheduler.domain.wishes import Wish
from scheduler.services.changes.moving import move
from scheduler.services.visits.for_staff import StaffVisit
from scheduler.web.forms import field, read, version
from scheduler.web.going import go
from scheduler.web.staff.acting import do, may_do
from scheduler.web.staff.members import require, staff_pages
from scheduler.web.staff.showing import show, the_clinic
from scheduler.web.staff.times import WHY, Choice, chosen_time, override_said, times_of, wished, within
from scheduler.web.staff.visits import look, visit_page

blueprint = staff_pages("desk_moving", __name__)


@blueprint.get("/visits/<uuid:id>/move")
def show_times(id: UUID) -> Response:
    return _times(id)


def _times(id: UUID, status: int = 200, refused: str = "") -> Response:
    actor, run = require(Scope.VISITS), runtime()
    with run.db.transaction() as session:
        visit = look(session, id, actor).visit
    clinic = the_clinic()
    kind = clinic.visit_type(visit.visit_type)
    acts = [act for act in (Act.RESCHEDULE, Act.CONVERT) if may_do(visit, act)]
    if kind is None or not acts:
        return visit_page(id, 409, refused="illegal-transition" if kind else "slot-not-offered")
    choice = within(clinic, kind, wished(visit.mode, visit.start.date(), visit.practitioner))
    return show(
        "move.html",
        status,
        visit=visit,
        choice=choice,
        modes=list(kind.modes) if Act.CONVERT in acts else [visit.mode],
        why=WHY,
        times=times_of(_wish(visit, choice), choice, own=id),
        refused=refused,
    )


def _wish(visit: StaffVisit, choice: Choice) -> Wish:
    needs = tuple(need.code for need in met(the_clinic(), visit.needs, choice.mode))
    state = choice.state or visit.state
    return Wish(visit.visit_type, choice.mode, choice.practitioner, choice.location, state, needs)


@blueprint.post("/visits/<uuid:id>/move")
def move_visit(id: UUID) -> Response:
    """The button says when, with whom and where."""
    actor, run = require(Scope.VISITS), runtime()
    with run.db.transaction() as session:
        mode = look(session, id, actor).visit.mode
    wanted = {
        **chosen_time(field("time")),
        "state": request.values.get("state", ""),
        "override": override_said(),
    }
    try:
        if field("mode") in (*Mode,) and field("mode") != mode:
            to = read(ConvertIn, {**wanted, "mode": field("mode")}).destination(client())
            act = Act.CONVERT
        else:
            to, act = read(RescheduleIn, wanted).destination(), Act.RESCHEDULE
        do(id, act, actor, version(), lambda scene: move(scene, to))
    except Invalid:
        return _times(id, 422, "choice")
    except (Barred, Conflict, Refused) as error:
        return _times(id, 409, slug_of(error))
    return go(url_for("desk_visit.show_visit", id=id, done=act))
