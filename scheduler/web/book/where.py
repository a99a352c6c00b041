"""Where somebody will be during a visit by video: the law asks for the state."""

from dataclasses import replace
from uuid import UUID

from flask import Response, request

from scheduler.domain.drafts import Step
from scheduler.services.clinic.states import US_STATES
from scheduler.web.book.form import Form, answered, ask, elsewhere, open_form
from scheduler.web.book.words import missing
from scheduler.web.pages import Pages
from scheduler.web.speech import language
from scheduler.web.texts import state_choices

ABROAD = "abroad"


def add_to(pages: Pages) -> None:
    pages.get("/<uuid:id>/where")(show_where)
    pages.post("/<uuid:id>/where")(say_where)


def show_where(id: UUID) -> Response:
    form = open_form(id)
    return elsewhere(form, Step.WHERE) or _where(form, {})


def _where(form: Form, errors: dict[str, str], abroad: bool = False) -> Response:
    return ask("where", form, Step.WHERE, errors, states=state_choices(language()), abroad=abroad)


def say_where(id: UUID) -> Response:
    form, state = open_form(id), request.form.get("where", "")
    if state == ABROAD:
        return _where(form, {}, abroad=True)
    if state not in US_STATES:
        return _where(form, missing("where"))
    if state == form.draft.state:
        return answered(form, form.draft)
    return answered(form, replace(form.draft, state=state).without_time())
