"""What is still to be agreed to: each text a box of its own, none ticked beforehand."""

from uuid import UUID

from flask import Response, request

from scheduler.api.clients import client
from scheduler.domain.consents import Said
from scheduler.domain.visits import Act
from scheduler.services.changes.agreeing import agree
from scheduler.services.changes.own_visit import OwnVisit
from scheduler.web.my.holding import own
from scheduler.web.my.showing import REFUSALS, do, refusal, show, spoken_text, to_visit
from scheduler.web.pages import Pages
from scheduler.web.speech import language
from scheduler.web.texts import words


def add_to(pages: Pages) -> None:
    pages.get("/<uuid:id>/agree")(show_agree)
    pages.post("/<uuid:id>/agree")(say_agree)


def show_agree(id: UUID) -> Response:
    seen = own()
    return _agree(seen, {}) if seen.open_texts else to_visit()


def _agree(seen: OwnVisit, errors: dict[str, str]) -> Response:
    texts = [(f"agree-{n}", each, spoken_text(each, seen)) for n, each in enumerate(seen.open_texts)]
    return show("agree", seen, errors=errors, texts=texts, agreed=request.form.getlist("agree"))


def say_agree(id: UUID) -> Response:
    seen = own()
    agreed = [each.name for each in seen.open_texts if each.name in request.form.getlist("agree")]
    if not agreed:
        return _agree(seen, {"agree-0": words(language())["my"]["agree"]["missing"]})
    try:
        do(Act.CONSENT, lambda scene: agree(scene, Said(agreed), client()))
    except REFUSALS as error:
        return refusal(error)
    return to_visit(Act.CONSENT)
