"""Whom it is for, and why they are coming."""

from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

from flask import Response, request

from scheduler.api.runtime import runtime
from scheduler.domain.clinic import Clinic, NewPatients
from scheduler.domain.drafts import STAGES, Draft, Step
from scheduler.domain.times import local_date
from scheduler.services.booking import drafts
from scheduler.services.clinic.current import Moment
from scheduler.web.book.form import Form, answered, ask, elsewhere, go_on, keep, open_form
from scheduler.web.book.words import missing
from scheduler.web.house import said
from scheduler.web.pages import Pages
from scheduler.web.rendering import page
from scheduler.web.speech import address, language

CHOICES = {"me": False, "other": True}
TRAP = "website"
"""A field that people do not see: who fills it in is a program."""


def add_to(pages: Pages) -> None:
    pages.get("")(show_start)
    pages.post("")(begin)
    pages.get("/<uuid:id>/who")(show_who)
    pages.post("/<uuid:id>/who")(say_who)
    pages.get("/<uuid:id>/reason")(show_reason)
    pages.post("/<uuid:id>/reason")(say_reason)


def _site() -> str | None:
    """The website around our frame, if it is one of the clinic's."""
    named = request.values.get("site")
    return named if named in runtime().settings.cors_origins else None


def _wished() -> str:
    """The kind of visit that a website's button stands for."""
    return request.values.get("visit_type", "")[:64]


def _moment() -> Moment:
    run = runtime()
    with run.db.single() as connection:
        return run.desk.clinics.moment(connection)


def show_start() -> Response:
    _moment()  # without a database there is no use in asking
    return _first_page({})


def _first_page(errors: dict[str, str]) -> Response:
    return page(
        "book/who.html",
        422 if errors else 200,
        errors=errors,
        stage=1,
        stages=len(STAGES),
        back=None,
        action=address("book.begin"),
        site=_site(),
        wished=_wished(),
        chosen="",
        trap=TRAP,
    )


def begin() -> Response:
    moment, whom = _moment(), CHOICES.get(request.form.get("who", ""))
    if request.form.get(TRAP):
        return page("failure.html", 422, kind="too_often")
    if whom is None:
        return _first_page(missing("who"))
    kind = moment.clinic.visit_type(_wished())
    draft = Draft(_site(), language(), whom, kind.code if kind else None)
    run = runtime()
    with run.db.transaction() as session:
        id = drafts.begin(session, run.desk, draft, moment.now)
    return go_on(Form(id, draft, moment, None))


def show_who(id: UUID) -> Response:
    form = open_form(id)
    if form.draft.visit:
        return go_on(form)
    return _who(form, {})


def _who(form: Form, errors: dict[str, str]) -> Response:
    chosen = next((each for each, other in CHOICES.items() if other is form.draft.for_other), "")
    return page(
        "book/who.html",
        422 if errors else 200,
        errors=errors,
        stage=1,
        stages=len(STAGES),
        back=None,
        action=address("book.say_who", id=form.id),
        site=form.draft.site,
        wished="",
        chosen=chosen,
        trap=TRAP,
    )


def say_who(id: UUID) -> Response:
    form, whom = open_form(id), CHOICES.get(request.form.get("who", ""))
    if whom is None:
        return _who(form, missing("who"))
    if whom is form.draft.for_other:
        return go_on(form)
    return answered(form, replace(form.draft, for_other=whom, about=None))


def show_reason(id: UUID) -> Response:
    form = open_form(id)
    return elsewhere(form, Step.REASON) or _reason(form, {})


def _reason(form: Form, errors: dict[str, str]) -> Response:
    groups = [(name, list(_kinds(form.clinic, form.moment, name))) for name in NewPatients]
    return ask("reason", form, Step.REASON, errors, groups=[each for each in groups if each[1]])


def _kinds(clinic: Clinic, moment: Moment, new: NewPatients) -> Iterator[tuple[str, str, str, int]]:
    today = local_date(moment.now, clinic.timezone)
    for kind in clinic.visit_types:
        if kind.new_patients is new and (kind.until is None or kind.until >= today):
            label, description = (said(each, language(), clinic) for each in (kind.label, kind.description))
            yield kind.code, label, description, kind.minutes


def say_reason(id: UUID) -> Response:
    form = open_form(id)
    kind = form.clinic.visit_type(request.form.get("reason", ""))
    if kind is None:
        return _reason(form, missing("reason"))
    return go_on(keep(form, form.draft.of_type(kind.code)))
