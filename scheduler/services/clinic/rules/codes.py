"""Codes are names: each is given once, and only given names are used."""

from collections.abc import Hashable, Iterable, Iterator
from difflib import get_close_matches

from scheduler.services.clinic.lines import Loc
from scheduler.services.clinic.reasons import Finding
from scheduler.services.clinic.rules.draft import Draft
from scheduler.services.clinic.table import if_sound, numbered, sound

Named = Iterator[tuple[Loc, Hashable]]
"""Places, each with what must be unique among them."""


def written_twice(draft: Draft) -> Iterator[Finding]:
    file = draft.file
    for section in ("locations", "practitioners", "visit_types", "needs"):
        parts = numbered(getattr(file, section))
        yield from _repeated(((section, i, "code"), each.code) for i, each in parts)
    for i, location in numbered(file.locations):
        rooms = numbered(location.rooms)
        yield from _repeated((("locations", i, "rooms", j, "code"), room.code) for j, room in rooms)
    yield from _repeated(_languages(draft))
    yield from _repeated(_consents(draft))
    yield from _repeated(_questions(draft))


def _repeated(named: Iterable[tuple[Loc, Hashable]]) -> Iterator[Finding]:
    seen = set()
    for loc, name in named:
        if name in seen:
            yield Finding(loc, f'"{name}" is already used further up')
        seen.add(name)


def _languages(draft: Draft) -> Named:
    clinic = if_sound(draft.file.clinic)
    for i, language in enumerate(clinic.languages if clinic else ()):
        yield ("clinic", "languages", i), language


def _consents(draft: Draft) -> Named:
    """One version of each is in force; earlier ones stay with the visits that agreed to them."""
    for i, consent in numbered(draft.file.consents):
        yield ("consents", i, "kind"), consent.kind


def _questions(draft: Draft) -> Named:
    for i, question in numbered(draft.file.triage.questions if draft.file.triage else ()):
        yield ("triage", "questions", i, "id"), question.id


def unknown_locations(draft: Draft) -> Iterator[Finding]:
    known = draft.codes("locations")
    for i, practitioner in numbered(draft.file.practitioners):
        for j, hours in numbered(practitioner.hours):
            if hours.location is not None and hours.location not in known:
                loc = ("practitioners", i, "hours", j, "location")
                yield _unknown(loc, "location", hours.location, known)


def unknown_practitioners(draft: Draft) -> Iterator[Finding]:
    known = draft.codes("practitioners")
    for i, visit_type in numbered(draft.file.visit_types):
        for code in visit_type.practitioners:
            if code not in known:
                yield _unknown(("visit_types", i, "practitioners"), "practitioner", code, known)


def unknown_questions(draft: Draft) -> Iterator[Finding]:
    questions = draft.file.triage.questions if draft.file.triage else []
    known = frozenset(each.id for each in sound(questions))
    if len(known) < len(questions):
        return
    for i, question in numbered(questions):
        for id_ in question.emergency_with:
            if id_ not in known - {question.id}:
                loc = ("triage", "questions", i, "emergency_with")
                yield _unknown(loc, "other question", id_, known - {question.id})


def _unknown(loc: Loc, kind: str, code: str, known: Iterable[str]) -> Finding:
    near = get_close_matches(code, sorted(known), n=1)
    return Finding(loc, f'there is no {kind} "{code}"' + (f'; did you mean "{near[0]}"?' if near else ""))
