"""What the file offers must be possible: somebody gives it, somewhere, and may."""

from collections.abc import Iterator

from scheduler.domain.clinic import Mode
from scheduler.services.clinic.reasons import Finding
from scheduler.services.clinic.rules.draft import Draft
from scheduler.services.clinic.schema import ClinicFile, PractitionerTable, VisitTypeTable
from scheduler.services.clinic.table import numbered, sound


def telemedicine_without_a_licence(draft: Draft) -> Iterator[Finding]:
    """Without any licence no patient could ever be seen, wherever they are."""
    for i, practitioner in numbered(draft.file.practitioners):
        remote = any(Mode.TELEMEDICINE in each.modes for each in sound(practitioner.hours))
        if remote and not practitioner.licences:
            yield Finding(("practitioners", i), "has telemedicine hours, but no licence for any state")


def questions_that_nobody_wrote(draft: Draft) -> Iterator[Finding]:
    """A type that asks the safety questions must not quietly ask none."""
    if "triage" in draft.raw:
        return
    for i, visit_type in numbered(draft.file.visit_types):
        if visit_type.triage:
            yield Finding(("visit_types", i, "triage"), "there are no safety questions: write [triage]")


def visits_without_a_room(draft: Draft) -> Iterator[Finding]:
    equipped = {each.code for each in sound(draft.file.locations) if each.rooms}
    for i, location in numbered(draft.file.locations):
        if location.code in equipped:
            continue
        need = next(_needing_a_room(draft.file, location.code), None)
        if need is not None:
            visit_type, practitioner = need
            yield Finding(
                ("locations", i),
                f'has no rooms, but practitioner "{practitioner.code}" gives "{visit_type.code}" here, '
                "which needs one; add a room, or room = false to the visit type",
            )


def _needing_a_room(file: ClinicFile, location: str) -> Iterator[tuple[VisitTypeTable, PractitionerTable]]:
    for visit_type in sound(file.visit_types):
        if visit_type.room and Mode.IN_PERSON in visit_type.modes:
            for each in _givers(file, visit_type):
                if any(h.location == location and Mode.IN_PERSON in h.modes for h in sound(each.hours)):
                    yield visit_type, each


def visits_that_nobody_gives(draft: Draft) -> Iterator[Finding]:
    if not _all_hours_known(draft.file):
        return
    known = draft.codes("practitioners")
    for i, visit_type in numbered(draft.file.visit_types):
        if not known.issuperset(visit_type.practitioners):
            continue
        opened = [hours for each in _givers(draft.file, visit_type) for hours in each.hours]
        given = {mode for hours in opened for mode in hours.modes}
        absent = [mode for mode in visit_type.modes if mode not in given]
        if len(absent) == len(visit_type.modes):
            yield Finding(("visit_types", i), "nobody gives it: no practitioner has hours for it")
        else:
            for mode in absent:
                loc = ("visit_types", i, "modes", mode.value)
                yield Finding(loc, "nobody who gives it has hours of this mode")


def _givers(file: ClinicFile, visit_type: VisitTypeTable) -> list[PractitionerTable]:
    """Nobody named means everybody."""
    named = visit_type.practitioners
    return [each for each in sound(file.practitioners) if not named or each.code in named]


def _all_hours_known(file: ClinicFile) -> bool:
    return len(sound(file.practitioners)) == len(file.practitioners) and all(
        len(sound(each.hours)) == len(each.hours) for each in file.practitioners
    )
