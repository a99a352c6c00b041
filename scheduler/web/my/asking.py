"""The safety questions before a visit is given in another way: as before a booking, and kept as shortly.

What they came to goes along in a cookie, sealed, for as long as it counts: it is nothing for an address.
"""

from uuid import UUID

from flask import Response, request

from scheduler.api.runtime import runtime
from scheduler.domain.errors import Invalid
from scheduler.domain.gate import is_asked, phone_now
from scheduler.domain.triage import LASTS, Outcome, Result, Rules
from scheduler.domain.visits import Act
from scheduler.messages.facts import spoken_phone
from scheduler.services.booking.triage import Answered, answer, opened
from scheduler.services.changes.own_visit import OwnVisit
from scheduler.web import cookies
from scheduler.web.going import go
from scheduler.web.house import said
from scheduler.web.my.holding import own
from scheduler.web.my.showing import show, visit_page
from scheduler.web.pages import Pages
from scheduler.web.rendering import fill
from scheduler.web.speech import address, language
from scheduler.web.texts import words

ANSWERS = {"yes": True, "no": False}


def add_to(pages: Pages) -> None:
    pages.get("/<uuid:id>/safety")(show_safety)
    pages.post("/<uuid:id>/safety")(say_safety)


def _rules(seen: OwnVisit) -> Rules | None:
    kind = seen.clinic.visit_type(seen.visit.visit_type)
    return seen.clinic.triage if kind and is_asked(seen.clinic, kind) else None


def _cookie(visit: UUID) -> str:
    return f"safety-{visit.hex}"


def result_of(seen: OwnVisit) -> Result | None:
    """What the answers came to, while they count."""
    rules, result = _rules(seen), opened(runtime().desk.secrets.vault, cookies.read(_cookie(seen.visit.id)))
    if rules is None or result is None:
        return None
    return result if result.counts(seen.visit.visit_type, rules.version, seen.moment.now) else None


def to_answer_first(seen: OwnVisit) -> Response | None:
    """The way to the questions, where they are asked and not answered."""
    if _rules(seen) is None or result_of(seen) is not None:
        return None
    return go(address("my.show_safety", id=seen.visit.id))


def show_safety(id: UUID) -> Response:
    """Nothing is chosen beforehand."""
    return _questions(own(), {}, {})


def _questions(seen: OwnVisit, chosen: dict[str, str], errors: dict[str, str]) -> Response:
    rules = _rules(seen)
    if rules is None or Act.CONVERT not in seen.can:
        return visit_page(409, refused="illegal-transition")
    asked = [(each.id, said(each.text, language(), seen.clinic)) for each in rules.questions]
    return show("safety", seen, errors=errors, questions=asked, chosen=chosen)


def say_safety(id: UUID) -> Response:
    seen = own()
    rules = _rules(seen)
    if rules is None:
        return go(address("my.show_convert", id=id))
    typed = {each.id: request.form.get(each.id, "") for each in rules.questions}
    answers = {name: ANSWERS[text] for name, text in typed.items() if text in ANSWERS}
    try:
        found = answer(runtime().desk, seen.visit.visit_type, rules.version, answers)
    except Invalid as error:
        blank = words(language())["book"]["safety"]["blank"]
        open_ones = {fault.pointer.rpartition("/")[2] for fault in error.faults}
        numbered = [(each.id, number) for number, each in enumerate(rules.questions, 1)]
        errors = {id: str(fill(blank, number=number)) for id, number in numbered if id in open_ones}
        return _questions(seen, typed, errors)
    return _follow(seen, rules, found)


def _follow(seen: OwnVisit, rules: Rules, found: Answered) -> Response:
    if found.outcome is Outcome.EMERGENCY:
        phone = phone_now(seen.clinic, rules, seen.moment.now)
        advice = said(rules.advice[Outcome.EMERGENCY], language(), seen.clinic)
        return show("emergency", seen, advice=advice, phone_now=phone, phone_text=spoken_phone(phone))
    reply = go(address("my.show_convert", id=seen.visit.id))
    cookies.give(reply, _cookie(seen.visit.id), found.token, LASTS)
    return reply
