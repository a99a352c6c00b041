"""The safety questions, and what follows from their answers: the emergency page, a call, or the times."""

from dataclasses import replace
from uuid import UUID

from flask import Response, request
from pydantic import TypeAdapter, ValidationError

from scheduler.api.problems import faults_of
from scheduler.api.runtime import runtime
from scheduler.api.schemas.triage import CallbackIn
from scheduler.domain.drafts import Step
from scheduler.domain.errors import Invalid, TriageRequired
from scheduler.domain.gate import phone_now
from scheduler.domain.triage import Outcome
from scheduler.messages.facts import spoken_phone
from scheduler.services.booking.callbacks import CallRequest, ask_for_call
from scheduler.services.booking.triage import answer, opened, rules_for
from scheduler.web.book.form import Form, ask, elsewhere, go_on, go_to, keep, open_form
from scheduler.web.faults import explained
from scheduler.web.house import said
from scheduler.web.pages import Pages
from scheduler.web.rendering import fill
from scheduler.web.speech import language
from scheduler.web.texts import words

CALLBACK: TypeAdapter[CallbackIn] = TypeAdapter(CallbackIn)
ANSWERS = {"yes": True, "no": False}


def add_to(pages: Pages) -> None:
    pages.get("/<uuid:id>/safety")(show_safety)
    pages.post("/<uuid:id>/safety")(say_safety)
    pages.get("/<uuid:id>/emergency")(show_emergency)
    pages.get("/<uuid:id>/call")(show_call)
    pages.post("/<uuid:id>/call")(ask_call)


def show_safety(id: UUID) -> Response:
    """Nothing is chosen beforehand, also not when they are asked again."""
    form = open_form(id)
    return elsewhere(form, Step.SAFETY) or _questions(form, {}, {})


def _questions(form: Form, chosen: dict[str, str], errors: dict[str, str]) -> Response:
    rules = rules_for(form.clinic, form.draft.visit_type or "")
    asked = [
        (each.id, said(each.text, language(), form.clinic)) for each in (rules.questions if rules else ())
    ]
    again = form.draft.triage is not None and form.result is None
    return ask("safety", form, Step.SAFETY, errors, questions=asked, chosen=chosen, again=again)


def say_safety(id: UUID) -> Response:
    form = open_form(id)
    rules = rules_for(form.clinic, form.draft.visit_type or "")
    if rules is None:
        return go_on(form)
    typed = {each.id: request.form.get(each.id, "") for each in rules.questions}
    answers = {name: ANSWERS[text] for name, text in typed.items() if text in ANSWERS}
    try:
        found = answer(runtime().desk, form.draft.visit_type or "", rules.version, answers)
    except Invalid as error:
        open_ones = [fault.pointer.rpartition("/")[2] for fault in error.faults]
        blank = words(language())["book"]["safety"]["blank"]
        numbers = {each.id: number for number, each in enumerate(rules.questions, 1)}
        return _questions(form, typed, {each: str(fill(blank, number=numbers[each])) for each in open_ones})
    keep(form, replace(form.draft, triage=found.token))
    return _follow(open_form(id), found.outcome)  # they were weighed a moment after the form was opened


def _follow(form: Form, outcome: Outcome) -> Response:
    if outcome is Outcome.EMERGENCY:
        return go_to(form, "emergency")
    if outcome is Outcome.SAME_DAY_CALL:
        return go_to(form, "call")
    return go_on(form)


def _outcome(form: Form) -> Outcome | None:
    result = opened(runtime().desk.secrets.vault, form.draft.triage)
    return result.outcome if result else None


def show_emergency(id: UUID) -> Response:
    form = open_form(id)
    rules = form.clinic.triage
    if rules is None or _outcome(form) is not Outcome.EMERGENCY:
        return go_on(form)
    phone = phone_now(form.clinic, rules, form.moment.now)
    advice = said(rules.advice[Outcome.EMERGENCY], language(), form.clinic)
    return ask("emergency", form, Step.SAFETY, advice=advice, phone=phone, phone_text=spoken_phone(phone))


def show_call(id: UUID) -> Response:
    form = open_form(id)
    return _call_page(form, {}, {}) if _outcome(form) in CALLS else go_on(form)


CALLS = (Outcome.SAME_DAY_CALL, Outcome.EMERGENCY)


def _call_page(form: Form, typed: dict[str, str], errors: dict[str, str]) -> Response:
    rules, outcome = form.clinic.triage, _outcome(form)
    advice = said(rules.advice[outcome], language(), form.clinic) if rules and outcome else ""
    urgent = outcome is Outcome.EMERGENCY
    return ask("call", form, Step.SAFETY, errors, typed=typed, advice=advice, urgent=urgent)


def ask_call(id: UUID) -> Response:
    form = open_form(id)
    typed = {name: request.form.get(name, "") for name in ("name", "phone")}
    try:
        asked = CALLBACK.validate_python({**typed, "triage": form.draft.triage})
    except ValidationError as error:
        return _call_page(form, typed, explained(faults_of(error), {"/name": "name", "/phone": "phone"}))
    desk = runtime().desk
    result = opened(desk.secrets.vault, asked.triage)
    try:
        promise = ask_for_call(desk, CallRequest(result, asked.name, asked.phone, language()))
    except TriageRequired:
        return go_to(form, Step.SAFETY)
    return ask(
        "called",
        form,
        Step.SAFETY,
        texts=[said(each, language(), form.clinic) for each in promise.texts],
        phone=promise.phone,
        phone_text=spoken_phone(promise.phone),
        may_go_on=_outcome(form) is Outcome.SAME_DAY_CALL,
    )
