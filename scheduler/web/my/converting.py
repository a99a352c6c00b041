"""In person instead of by video, or the other way: what has to be known before times are shown."""

from uuid import UUID

from flask import Response, request

from scheduler.domain.clinic import Mode
from scheduler.domain.visits import Act
from scheduler.services.changes.own_visit import OwnVisit
from scheduler.services.clinic.states import US_STATES
from scheduler.web.going import go
from scheduler.web.my.asking import result_of, to_answer_first
from scheduler.web.my.holding import own
from scheduler.web.my.showing import show, visit_page
from scheduler.web.pages import Pages
from scheduler.web.speech import address, language
from scheduler.web.texts import state_choices, words

ABROAD = "abroad"


def add_to(pages: Pages) -> None:
    pages.get("/<uuid:id>/convert")(show_convert)


def show_convert(id: UUID) -> Response:
    seen = own()
    if seen.other is None:
        return visit_page(409, refused="not-offered")
    if Act.CONVERT not in seen.can:
        return visit_page(409, refused="too-late" if seen.too_late else "illegal-transition")
    if seen.other.by_phone:
        return show("by_phone", seen, why=words(language())["my"]["refused"]["by-phone"])
    return to_answer_first(seen) or _where(seen, seen.other.mode)


def _where(seen: OwnVisit, mode: Mode) -> Response:
    if mode is Mode.IN_PERSON:
        return go(address("my.show_times", id=seen.visit.id, mode=mode))
    if (result := result_of(seen)) and result.in_person_only:
        return show("by_phone", seen, why=words(language())["book"]["how"]["no_video"])
    state = request.args.get("state")
    if state in US_STATES:
        return go(address("my.show_times", id=seen.visit.id, mode=mode, state=state))
    errors = {"state": words(language())["book"]["where"]["missing"]} if state == "" else {}
    return show("state", seen, errors=errors, states=state_choices(language()), abroad=state == ABROAD)
