"""Every text in every language of the clinic; reminders in their order."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

from scheduler.services.clinic.lines import Loc
from scheduler.services.clinic.reasons import Finding
from scheduler.services.clinic.rules.draft import Draft
from scheduler.services.clinic.table import if_sound, numbered


def missing_or_foreign_languages(draft: Draft) -> Iterator[Finding]:
    clinic = if_sound(draft.file.clinic)
    if clinic is None:
        return
    for loc, texts in _texts(draft):
        for language in clinic.languages:
            if language not in texts:
                yield Finding(loc, f'has no text in "{language}", which clinic.languages promises')
        for language in texts:
            if language not in clinic.languages:
                yield Finding((*loc, language), f'"{language}" is not among clinic.languages')


def _texts(draft: Draft) -> Iterator[tuple[Loc, Mapping[str, str]]]:
    file = draft.file
    yield ("clinic", "emergency"), file.clinic.emergency
    for i, visit_type in numbered(file.visit_types):
        yield ("visit_types", i, "label"), visit_type.label
        yield ("visit_types", i, "description"), visit_type.description
    for i, consent in numbered(file.consents):
        yield ("consents", i, "text"), consent.text
    for i, need in numbered(file.needs):
        yield ("needs", i, "label"), need.label
    yield from _triage_texts(draft)


def _triage_texts(draft: Draft) -> Iterator[tuple[Loc, Mapping[str, str]]]:
    triage = draft.file.triage
    if triage is None:
        return
    for name in type(triage.advice).model_fields:
        yield ("triage", "advice", name), getattr(triage.advice, name)
    for i, question in numbered(triage.questions):
        yield ("triage", "questions", i, "text"), question.text


def reminders_out_of_order(draft: Draft) -> Iterator[Finding]:
    """The order is that in which they are sent, so that the file reads as the patient will live it."""
    plan = if_sound(draft.file.reminders)
    offsets = plan.reminders if plan else []
    for i, (before, after) in enumerate(pairwise(offsets), start=1):
        loc = ("reminders", "reminders", i)
        if before == after:
            yield Finding(loc, "is the same as the one before it")
        elif before < after:
            yield Finding(loc, "is earlier than the one before it; write the longest first")
