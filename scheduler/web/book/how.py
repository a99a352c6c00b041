"""In person or by video."""

from uuid import UUID

from flask import Response, request

from scheduler.domain.clinic import Mode, VisitType
from scheduler.domain.drafts import Step, modes_of
from scheduler.web.book.form import Form, answered, ask, elsewhere, open_form
from scheduler.web.book.words import missing
from scheduler.web.pages import Pages


def add_to(pages: Pages) -> None:
    pages.get("/<uuid:id>/how")(show_how)
    pages.post("/<uuid:id>/how")(say_how)


def show_how(id: UUID) -> Response:
    form = open_form(id)
    return elsewhere(form, Step.HOW) or _how(form, {})


def _kind(form: Form) -> VisitType:
    kind = form.clinic.visit_type(form.draft.visit_type or "")
    assert kind
    return kind


def _how(form: Form, errors: dict[str, str]) -> Response:
    kind = _kind(form)
    left = modes_of(kind, form.result)
    reviewed = [mode for mode, approval in kind.modes.items() if approval == "staff"]
    no_video = Mode.TELEMEDICINE in kind.modes and Mode.TELEMEDICINE not in left
    return ask("how", form, Step.HOW, errors, modes=left, reviewed=reviewed, no_video=no_video)


def say_how(id: UUID) -> Response:
    form = open_form(id)
    if first := elsewhere(form, Step.HOW):
        return first
    chosen = request.form.get("how", "")
    if chosen not in modes_of(_kind(form), form.result):
        return _how(form, missing("how"))
    return answered(form, form.draft.in_mode(Mode(chosen)))
