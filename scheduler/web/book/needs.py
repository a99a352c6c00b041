"""The language of messages, and what a visit needs besides."""

from dataclasses import replace
from uuid import UUID

from flask import Response, request

from scheduler.domain.drafts import Step
from scheduler.web.book.form import Form, answered, ask, elsewhere, open_form
from scheduler.web.book.words import missing
from scheduler.web.house import said
from scheduler.web.pages import Pages
from scheduler.web.speech import language


def add_to(pages: Pages) -> None:
    pages.get("/<uuid:id>/needs")(show_needs)
    pages.post("/<uuid:id>/needs")(say_needs)


def show_needs(id: UUID) -> Response:
    form = open_form(id)
    writes = form.draft.writes or language()
    return elsewhere(form, Step.NEEDS) or _needs(form, {}, form.draft.needs or (), writes)


def _needs(form: Form, errors: dict[str, str], chosen: tuple[str, ...], writes: str) -> Response:
    met = [need for need in form.clinic.needs if form.draft.mode in need.modes]
    options = [(need.code, said(need.label, language(), form.clinic)) for need in met]
    return ask("needs", form, Step.NEEDS, errors, options=options, chosen=chosen, writes=writes)


def say_needs(id: UUID) -> Response:
    form = open_form(id)
    if first := elsewhere(form, Step.NEEDS):
        return first
    known = [need.code for need in form.clinic.needs if form.draft.mode in need.modes]
    needs = tuple(each for each in known if each in request.form.getlist("needs"))
    writes = request.form.get("writes", "")
    if writes not in form.clinic.languages:
        return _needs(form, missing("writes"), needs, "")
    same = needs == form.draft.needs
    draft = form.draft if same else form.draft.without_time()
    return answered(form, replace(draft, needs=needs, writes=writes))
