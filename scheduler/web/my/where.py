"""Where the patient will be during a visit by video."""

from uuid import UUID

from flask import Response

from scheduler.api.runtime import runtime
from scheduler.api.schemas.acts import WhereaboutsIn
from scheduler.domain.errors import Invalid
from scheduler.domain.visits import Act
from scheduler.domain.whereabouts import Stage
from scheduler.messages.facts import spoken_phone
from scheduler.services.changes.whereabouts import say_where
from scheduler.web.faults import explained
from scheduler.web.forms import field, read
from scheduler.web.my.holding import own
from scheduler.web.my.showing import REFUSALS, order, refusal, show, to_visit, visit_page
from scheduler.web.pages import Pages
from scheduler.web.speech import language
from scheduler.web.texts import state_choices

FIELDS = {"/state": "state", "/address": "address", "/phone": "phone"}


def add_to(pages: Pages) -> None:
    pages.get("/<uuid:id>/where")(show_where)
    pages.post("/<uuid:id>/where")(tell_where)


def show_where(id: UUID) -> Response:
    """The address is asked each time: the page repeats nothing that a stranger on this phone could read."""
    seen = own()
    phone = spoken_phone(seen.contact.phone or "")
    return _where({"state": seen.visit.state or "", "phone": phone, "address": "", "in_car": ""}, {})


def _where(values: dict[str, str], errors: dict[str, str]) -> Response:
    seen = own()
    if Act.WHEREABOUTS not in seen.can:
        return visit_page(409, refused="illegal-transition")
    return show("where", seen, errors=errors, values=values, states=state_choices(language()))


def tell_where(id: UUID) -> Response:
    """Where the patient may not be seen, it is kept too, and the visit's page says what follows."""
    typed = {name: field(name) for name in ("state", "phone", "address", "in_car")}
    try:
        place = read(WhereaboutsIn, {**typed, "in_car": bool(typed["in_car"])}).place()
        heard = say_where(runtime().desk, order(Act.WHEREABOUTS), place, Stage.BEFORE)
    except Invalid as invalid:
        return _where(typed, explained(invalid.faults, FIELDS))
    except REFUSALS as error:
        return refusal(error)
    runtime().doorbell.ring(heard.changed.due)
    return to_visit(Act.WHEREABOUTS if heard.allowed else "")
