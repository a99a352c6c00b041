"""What a patient agrees to: each text a box of its own, none ticked beforehand."""

from dataclasses import replace
from uuid import UUID

from flask import Response, request

from scheduler.domain.clinic import ConsentText
from scheduler.domain.consents import ConsentKind, asked_of, missing
from scheduler.domain.drafts import Step
from scheduler.web.book.form import Form, answered, ask, elsewhere, open_form
from scheduler.web.book.keeping import kept_longer
from scheduler.web.house import said
from scheduler.web.pages import Pages
from scheduler.web.speech import language
from scheduler.web.texts import words


def add_to(pages: Pages) -> None:
    pages.get("/<uuid:id>/agree")(show_agree)
    pages.post("/<uuid:id>/agree")(say_agree)


def show_agree(id: UUID) -> Response:
    form = open_form(id)
    return elsewhere(form, Step.AGREE) or _agree(form, form.draft.consents or (), {})


def texts_of(form: Form) -> list[ConsentText]:
    """Texts by phone are asked only of somebody who gave a number."""
    mode, about = form.draft.mode, form.draft.about or {}
    assert mode
    phone = about.get("phone") or about.get("booker_phone")
    return [each for each in asked_of(form.clinic, mode) if phone or each.kind != ConsentKind.SMS]


def _agree(form: Form, agreed: tuple[str, ...], errors: dict[str, str]) -> Response:
    texts = [
        (f"agree-{at}", each.name, said(each.text, language(), form.clinic), each.required, each.kind)
        for at, each in enumerate(texts_of(form))
    ]
    return ask("agree", form, Step.AGREE, errors, texts=texts, agreed=agreed)


def say_agree(id: UUID) -> Response:
    form = open_form(id)
    if first := elsewhere(form, Step.AGREE):
        return first
    asked, mode = texts_of(form), form.draft.mode
    assert mode
    agreed = tuple(each.name for each in asked if each.name in request.form.getlist("agree"))
    if kept := kept_longer(form, lambda form: _agree(form, agreed, {})):
        return kept
    lacking = {each.name for each in missing(form.clinic, mode, agreed)}
    text = words(language())["book"]["agree"]["missing"]
    errors = {f"agree-{at}": text for at, each in enumerate(asked) if each.name in lacking}
    return _agree(form, agreed, errors) if errors else answered(form, replace(form.draft, consents=agreed))
