"""Who the patient is, who books for them, and how they are reached."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Response, request
from pydantic import TypeAdapter, ValidationError

from scheduler.api.problems import faults_of
from scheduler.api.schemas.visits import BookerIn, PatientIn
from scheduler.domain.drafts import Draft, Step
from scheduler.domain.errors import Fault
from scheduler.domain.minors import GUARDIANS, is_minor
from scheduler.domain.people import Receives
from scheduler.domain.times import local_date
from scheduler.domain.typing_errors import likely_meant
from scheduler.web.book.form import Form, answered, ask, elsewhere, keep, open_form
from scheduler.web.book.keeping import kept_longer
from scheduler.web.book.opening import TRAP
from scheduler.web.faults import explained
from scheduler.web.forms import birth_date
from scheduler.web.pages import Pages
from scheduler.web.rendering import page
from scheduler.web.speech import language
from scheduler.web.texts import words

PATIENT: TypeAdapter[PatientIn] = TypeAdapter(PatientIn)
BOOKER: TypeAdapter[BookerIn] = TypeAdapter(BookerIn)
OWN = ("name", "birth_month", "birth_day", "birth_year", "email", "phone")
OTHER = ("booker_name", "relationship", "booker_email", "booker_phone", "receives")
LONGEST = 300
SURE = "email_sure"
"""The address that somebody was asked about, and meant."""

PATIENT_FIELDS = {
    "": "email",
    "/name": "name",
    "/birth_date": "birth",
    "/email": "email",
    "/phone": "phone",
}
BOOKER_FIELDS = {
    "": "booker_email",
    "/name": "booker_name",
    "/relationship": "relationship",
    "/email": "booker_email",
    "/phone": "booker_phone",
    "/receives": "receives",
}


def add_to(pages: Pages) -> None:
    pages.get("/<uuid:id>/about")(show_about)
    pages.post("/<uuid:id>/about")(say_about)


def show_about(id: UUID) -> Response:
    form = open_form(id)
    return elsewhere(form, Step.ABOUT) or _about(form, form.draft.typed or form.draft.about or {}, {})


def _about(
    form: Form, typed: Mapping[str, str], errors: Mapping[str, str], meant: Mapping[str, str] | None = None
) -> Response:
    """`meant`: by field, the mail address that was probably meant."""
    values = {**dict.fromkeys((*OWN, *OTHER), ""), **typed}
    relationships = [(code, text) for code, text in words(language())["book"]["relationships"].items()]
    return ask(
        "about",
        form,
        Step.ABOUT,
        errors,
        values=values,
        meant=meant or {},
        relationships=relationships,
        trap=TRAP,
    )


def say_about(id: UUID) -> Response:
    form = open_form(id)
    typed = _typed(form)
    if first := elsewhere(form, Step.ABOUT):
        keep(form, replace(form.draft, typed=typed))
        return first
    if request.form.get(TRAP):
        return page("failure.html", 422, kind="too_often")
    if kept := kept_longer(form, lambda form: _about(form, typed, {})):
        return kept
    if errors := _errors(form, typed):
        return _about(form, typed, errors)
    if meant := _meant(typed):
        text = words(language())["book"]["about"]["unsure"]
        return _about(form, typed, dict.fromkeys(meant, text), meant)
    return answered(form, replace(form.draft, about=typed, typed=None))


def _typed(form: Form) -> dict[str, str]:
    fields = (*OWN, *(OTHER if form.draft.for_other else ()))
    return {name: request.form.get(name, "")[:LONGEST].strip() for name in fields}


def _meant(typed: Mapping[str, str]) -> dict[str, str]:
    """Addresses that look like a slip, unless somebody was asked already and meant it."""
    sure = request.form.getlist(SURE)
    found = {name: likely_meant(typed.get(name, "")) for name in ("email", "booker_email")}
    return {name: meant for name, meant in found.items() if meant and typed[name] not in sure}


def _errors(form: Form, typed: Mapping[str, str]) -> dict[str, str]:
    errors = _refused(PATIENT, patient_of(form.draft, typed), PATIENT_FIELDS)
    if form.draft.for_other:
        errors |= _refused(BOOKER, booker_of(form.draft, typed), BOOKER_FIELDS)
    return errors or explained(_mismatches(form, typed), {**PATIENT_FIELDS, **_POINTERS})


_POINTERS = {"/booked_by": "relationship", "/booked_by/phone": "booker_phone", "/none": "email"}


def _refused(kind: TypeAdapter[Any], said: Mapping[str, object], fields: dict[str, str]) -> dict[str, str]:
    try:
        kind.validate_python(said)
    except ValidationError as error:
        return explained(faults_of(error), fields)
    return {}


def _mismatches(form: Form, typed: Mapping[str, str]) -> list[Fault]:
    """What the booking itself would refuse, said while it is easy to mend."""
    patient = PATIENT.validate_python(patient_of(form.draft, typed))
    booker = BOOKER.validate_python(booker_of(form.draft, typed)) if form.draft.for_other else None
    if not patient.reachable and not (booker and booker.reachable):
        return [Fault("/none", "no-contact")]
    today = local_date(form.moment.now, form.clinic.timezone)
    if patient.birth_date > today:
        return [Fault("/birth_date", "in-future")]
    if is_minor(patient.birth_date, today) and (booker is None or booker.relationship not in GUARDIANS):
        return [Fault("/booked_by" if booker else "/birth_date", "guardian")]
    return []


def patient_of(draft: Draft, typed: Mapping[str, str]) -> dict[str, object]:
    """As the API would get it."""
    return {
        "name": typed["name"],
        "birth_date": birth_date(typed),
        "email": typed["email"] or None,
        "phone": typed["phone"] or None,
        "language": draft.writes,
        "timezone": draft.zone,
    }


def booker_of(draft: Draft, typed: Mapping[str, str]) -> dict[str, object]:
    return {
        "name": typed["booker_name"],
        "relationship": typed["relationship"],
        "receives": typed["receives"] or Receives.INSTEAD,
        "email": typed["booker_email"] or None,
        "phone": typed["booker_phone"] or None,
        "language": draft.writes,
        "timezone": draft.zone,
    }
