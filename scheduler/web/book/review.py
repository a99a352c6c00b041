"""Check answers: what was said, in the form's order, each with the way back to it."""

from collections.abc import Iterator

from scheduler.api.schemas.visits import PatientIn
from scheduler.domain.clinic import Mode
from scheduler.domain.drafts import Step
from scheduler.domain.needs import met
from scheduler.messages.facts import spoken_phone
from scheduler.messages.words import WORDS
from scheduler.web.book.about import PATIENT, patient_of
from scheduler.web.book.form import Form
from scheduler.web.house import said
from scheduler.web.rendering import LANGUAGE_NAMES, fill
from scheduler.web.speech import address, language
from scheduler.web.texts import words

Row = tuple[str, str, str]


def rows(form: Form) -> dict[str, list[Row]]:
    """What, the answer, and where it is changed; the visit first, then the person."""
    return {"visit": list(_visit(form)), "person": list(_person(form))}


def _to(form: Form, step: Step) -> str:
    return address(f"book.show_{step}", id=form.id)


def _visit(form: Form) -> Iterator[Row]:
    t, draft, clinic = words(language())["book"], form.draft, form.clinic
    kind, time = clinic.visit_type(draft.visit_type or ""), draft.time
    assert kind and time and draft.mode
    at = form.says(time.start)
    when = fill(t["check"]["at"], date=at.date, time=at.at_time, zone=at.zone)
    yield t["check"]["what"], said(kind.label, language(), clinic), _to(form, Step.REASON)
    yield t["check"]["when"], str(when), _to(form, Step.TIMES)
    place = clinic.location(time.location) if time.location else None
    where = f"{place.name}, {place.address}" if place else t["modes"][draft.mode]
    yield t["check"]["where"], where, _to(form, Step.HOW)
    if draft.mode is Mode.TELEMEDICINE and draft.state:
        yield t["check"]["state"], words(language())["states"][draft.state], _to(form, Step.WHERE)
    who = clinic.practitioner(time.practitioner or "")
    if who:
        yield t["check"]["with"], who.name, _to(form, Step.TIMES)
    if needs := met(clinic, draft.needs or ()):
        labels = (said(each.label, language(), clinic) for each in needs)
        yield t["check"]["needs"], ", ".join(labels), _to(form, Step.NEEDS)


def _person(form: Form) -> Iterator[Row]:
    t, typed, to = words(language())["book"], form.draft.about or {}, _to(form, Step.ABOUT)
    patient: PatientIn = PATIENT.validate_python(patient_of(form.draft, typed))
    yield t["check"]["name"], patient.name, to
    yield t["check"]["birth"], _born(patient), to
    if patient.email:
        yield t["check"]["email"], patient.email, to
    if patient.phone:
        yield t["check"]["phone"], spoken_phone(patient.phone), to
    if form.draft.for_other:
        relationship = t["relationships"][typed["relationship"]]
        yield t["check"]["booker"], f"{typed['booker_name']} ({relationship})", to
        for contact in filter(None, (typed["booker_email"], typed["booker_phone"])):
            yield t["check"]["booker_contact"], contact, to
    yield t["check"]["writes"], LANGUAGE_NAMES.get(form.draft.writes or "", ""), _to(form, Step.NEEDS)


def _born(patient: PatientIn) -> str:
    born, text = patient.birth_date, words(language())["book"]["check"]["date"]
    return str(fill(text, month=WORDS[language()].months[born.month - 1], day=born.day, year=born.year))
