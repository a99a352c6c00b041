"""The ways to a visit: the link of a mail, and a page for whoever lost it."""

from flask import Response

from scheduler.api.runtime import runtime
from scheduler.api.schemas.contact import LostLinksIn
from scheduler.domain.errors import Invalid, NotFound
from scheduler.services.telling.relinking import send_links
from scheduler.web.faults import explained
from scheduler.web.forms import birth_date, field, read
from scheduler.web.going import go
from scheduler.web.my.holding import hand_over, held_pages, look_up
from scheduler.web.rendering import page
from scheduler.web.speech import address

blueprint = held_pages("doors", __name__)

TYPED = ("email", "phone", "birth_month", "birth_day", "birth_year")
FIELDS = {"/birth_date": "birth", "": "email", "/email": "email", "/phone": "phone"}


@blueprint.get("/v/<token>")
def open_visit(token: str) -> Response:
    """A clean address instead of the token, which nobody reads from a history or a screen."""
    found = look_up(token)
    if found is None:
        raise NotFound
    return hand_over(go(address("my.show_visit", id=found.visit)), found.visit, token)


@blueprint.get("/find-appointment")
def show_find() -> Response:
    return _find({})


def _find(errors: dict[str, str]) -> Response:
    values = {name: field(name) for name in TYPED}
    return page("my/find.html", 422 if errors else 200, values=values, errors=errors, sent=False)


@blueprint.post("/find-appointment")
def find() -> Response:
    """Says the same to everybody: who is a patient here is nobody's business."""
    try:
        lost = read(LostLinksIn, _lost()).lost()
    except Invalid as invalid:
        return _find(explained(invalid.faults, FIELDS))
    run = runtime()
    run.doorbell.ring(send_links(run.desk, lost))
    return page("my/find.html", sent=True)


def _lost() -> dict[str, object]:
    contacts = {"email": field("email"), "phone": field("phone")}
    return {**contacts, "birth_date": birth_date({name: field(name) for name in TYPED})}
