"""A visit's page, and the acts that need no more than a tap."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, abort, request, url_for
from sqlalchemy.orm import Session

from scheduler.api.problems import slug_of
from scheduler.api.runtime import runtime
from scheduler.domain.actors import Actor
from scheduler.domain.errors import Conflict, Invalid, NotLicensed, Refused
from scheduler.domain.scopes import Scope
from scheduler.domain.times import local_date
from scheduler.domain.undo import may_be_undone
from scheduler.domain.visits import Act, CancelReason, VisitStatus
from scheduler.services.changes.mailing_again import mail_again
from scheduler.services.changes.revoking import end_helper, revoke_links
from scheduler.services.changes.scene import Scene
from scheduler.services.changes.simple import advance
from scheduler.services.changes.undoing import last_step
from scheduler.services.people.recipients import BOOKED_BY, PATIENT
from scheduler.services.staff.evidence import read_messages
from scheduler.services.staff.tasks import Wanted, list_tasks
from scheduler.services.visits.finding import read_history, read_visit
from scheduler.services.visits.for_staff import StaffVisit
from scheduler.web.forms import field, version
from scheduler.web.going import go
from scheduler.web.staff.acting import PERFORM, do, may_do, offered
from scheduler.web.staff.members import may, require, staff_pages
from scheduler.web.staff.showing import show

REASONS = (CancelReason.PATIENT, CancelReason.CLINIC, CancelReason.PRACTITIONER_AWAY, CancelReason.DUPLICATE)
"""What staff may say of a cancel; the others say themselves."""
ERRORS = ("wrong-patient", "wrong-time", "double-entry", "test-entry")
"""Why a visit was entered in error."""
SAID_HERE = {Invalid: "no-contact", NotLicensed: "check-in"}
"""What stands in the way of an act here, and what can be done about it, as the page says it."""

blueprint = staff_pages("desk_visit", __name__)


@dataclass(frozen=True, slots=True)
class Looked:
    visit: StaffVisit
    today: date
    """Where the visit takes place."""
    undoable: bool


def look(session: Session, id: UUID, actor: Actor) -> Looked:
    """Raises NotFound."""
    run = runtime()
    now = run.db.now(session)
    visit = read_visit(session, run.desk, id, actor, now)
    last = last_step(session, id)
    today = local_date(now, ZoneInfo(visit.timezone))
    return Looked(visit, today, may_be_undone(VisitStatus(visit.status), last, visit.start, now))


@blueprint.get("/visits/<uuid:id>")
def show_visit(id: UUID) -> Response:
    return visit_page(id, done=request.args.get("done", ""))


def visit_page(id: UUID, status: int = 200, done: str = "", refused: str = "") -> Response:
    """The visit as it is now; `refused` is the problem that an act on it met."""
    actor, run = require(Scope.VISITS), runtime()
    with run.db.transaction() as session:
        looked = look(session, id, actor)
        history = read_history(session, id, actor, run.db.now(session))
        told = read_messages(session, id, actor, run.db.now(session)) if may(Scope.MESSAGES) else None
        tasks = list_tasks(session, run.desk, Wanted(visit=id), None, 20, actor, run.db.now(session)).items
    return show(
        "visit.html",
        status,
        active="",
        visit=looked.visit,
        today=looked.today,
        undoable=looked.undoable,
        acts=offered(looked.visit),
        may_do=lambda act: may_do(looked.visit, Act(act)),
        history=history,
        tasks=tasks,
        reasons=REASONS,
        error_reasons=ERRORS,
        done=done,
        refused=refused,
        told=told,
    )


@blueprint.post(
    "/visits/<uuid:id>/<any(confirm,approve,decline,arrive,'check-in',complete,'no-show',undo):act>"
)
def act_on(id: UUID, act: str) -> Response:
    """One tap."""
    return _carried_out(id, Act(act))


@blueprint.post("/visits/<uuid:id>/cancel")
def cancel(id: UUID) -> Response:
    """Asks for its reason, which has no default: nobody cancels by a slip of the finger."""
    reason = field("reason")
    return (
        _carried_out(id, Act.CANCEL, reason) if reason in REASONS else visit_page(id, 422, refused="reason")
    )


@blueprint.post("/visits/<uuid:id>/entered-in-error")
def enter_in_error(id: UUID) -> Response:
    reason = field("reason")
    if reason not in ERRORS:
        return visit_page(id, 422, refused="reason")
    return _carried_out(id, Act.ENTERED_IN_ERROR, reason)


@blueprint.post("/visits/<uuid:id>/mail-again")
def mail_somebody_again(id: UUID) -> Response:
    """At an address that was given up."""
    return _of_somebody(id, Act.MAIL_AGAIN, mail_again)


@blueprint.post("/visits/<uuid:id>/revoke-links")
def revoke(id: UUID) -> Response:
    return _of_somebody(id, Act.REVOKE_LINKS, revoke_links)


def _of_somebody(id: UUID, act: Act, perform: Callable[[Scene, str], None]) -> Response:
    """Of the patient, or of whoever booked."""
    role = field("recipient")
    actor = require(Scope.VISITS)
    if role not in (PATIENT, BOOKED_BY):
        abort(404)
    try:
        do(id, act, actor, version(), lambda scene: perform(scene, role), role)
    except (Conflict, Refused) as error:
        return _refused(id, error)
    return go(url_for("desk_visit.show_visit", id=id, done=act))


@blueprint.post("/visits/<uuid:id>/end-helper")
def end_help(id: UUID) -> Response:
    actor = require(Scope.VISITS)
    try:
        do(id, Act.END_HELPER, actor, version(), end_helper, BOOKED_BY)
    except (Conflict, Refused) as error:
        return _refused(id, error)
    return go(url_for("desk_visit.show_visit", id=id, done=Act.END_HELPER))


def _carried_out(id: UUID, act: Act, reason: str | None = None) -> Response:
    actor = require(Scope.VISITS)
    try:
        do(id, act, actor, version(), PERFORM.get(act, advance), reason)
    except (Conflict, Refused) as error:
        return _refused(id, error)
    return go(_back_to(id, act))


def _refused(id: UUID, error: Conflict | Refused) -> Response:
    """What stood in the way, above the visit as it is now."""
    slug = next((slug for kind, slug in SAID_HERE.items() if isinstance(error, kind)), slug_of(error))
    return visit_page(id, 409, refused=slug)


def _back_to(id: UUID, act: Act) -> str:
    """To the page of the day where the button was, else to the visit."""
    day = field("back")
    if not day:
        return url_for("desk_visit.show_visit", id=id, done=act)
    kept: dict[str, Any] = {name: field(name) for name in ("practitioner", "location", "view") if field(name)}
    return url_for("desk_days.show_day", date=day, done=act, on=id, **kept)
