"""How somebody is reached, as it is changed at the desk."""

from uuid import UUID

from flask import Response, abort, request, url_for

from scheduler.api.problems import slug_of
from scheduler.api.runtime import runtime
from scheduler.api.schemas.contact import ContactChangeIn
from scheduler.domain.errors import Conflict, Invalid, Refused
from scheduler.domain.scopes import Scope
from scheduler.domain.visits import Act
from scheduler.services.changes.contact import ContactChange, change_contact
from scheduler.services.people.recipients import BOOKED_BY, PATIENT
from scheduler.web.forms import errors_of, field, read, version
from scheduler.web.going import go
from scheduler.web.staff.acting import do
from scheduler.web.staff.members import require, staff_pages
from scheduler.web.staff.showing import show
from scheduler.web.staff.visits import look

CHANGED = ("email", "phone", "language")

blueprint = staff_pages("desk_contacts", __name__)


@blueprint.get("/visits/<uuid:id>/contact")
def show_contact(id: UUID) -> Response:
    return _contact(id, request.args.get("recipient", PATIENT))


def _contact(
    id: UUID, role: str, status: int = 200, errors: dict[str, str] | None = None, refused: str = ""
) -> Response:
    actor, run = require(Scope.VISITS), runtime()
    with run.db.transaction() as session:
        visit = look(session, id, actor).visit
    who = next((each for each in visit.recipients if each.role == role), None)
    if who is None:
        abort(404)
    values = {name: request.form.get(name, getattr(who, name) or "") for name in CHANGED}
    return show(
        "contact.html", status, visit=visit, who=who, values=values, errors=errors or {}, refused=refused
    )


@blueprint.post("/visits/<uuid:id>/contact")
def set_contact(id: UUID) -> Response:
    """What was emptied is taken away."""
    actor, role = require(Scope.VISITS), field("recipient")
    try:
        change = _change(role)
        do(id, Act.CONTACT, actor, version(), lambda scene: change_contact(scene, change), role)
    except Invalid as invalid:
        return _contact(id, role, 422, errors_of(invalid, {"": "email"}))
    except (Conflict, Refused) as error:
        return _contact(id, role, 409, refused=slug_of(error))
    return go(url_for("desk_visit.show_visit", id=id, done=Act.CONTACT))


def _change(role: str) -> ContactChange:
    """Raises Invalid."""
    checked = read(ContactChangeIn, {"recipient": role, **{name: field(name) for name in CHANGED}})
    fields = {name: getattr(checked, name) for name in CHANGED}
    if fields["language"] is None:
        del fields["language"]
    return ContactChange(fields, role if role in (PATIENT, BOOKED_BY) else PATIENT, not field("silent"))
