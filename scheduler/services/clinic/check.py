"""The clinic file's front door: text in, a checked file or faults out; documents, and what they say."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from scheduler.domain.clinic import Clinic
from scheduler.domain.errors import ClinicFileFaulty, FileFault
from scheduler.services.clinic.lines import Lines, Loc
from scheduler.services.clinic.reasons import Finding, findings
from scheduler.services.clinic.rules import broken
from scheduler.services.clinic.rules.draft import Draft
from scheduler.services.clinic.schema import ClinicFile, to_domain
from scheduler.services.clinic.table import LENIENT, Part

_LENIENT_FILE: TypeAdapter[ClinicFile | None] = TypeAdapter(Part[ClinicFile])
_AT_LINE = re.compile(r" ?\(at (?:line (\d+), column (\d+)|end of document)\)$")


def read(text: str) -> ClinicFile:
    """The file of this TOML text. ClinicFileFaulty says everything that is wrong, by line."""
    # Some editors begin a file with an invisible mark, which is not TOML.
    text = text.removeprefix("\ufeff")
    raw = _parse(text)
    try:
        file: ClinicFile | None = ClinicFile.model_validate(raw)
        found = []
    except ValidationError as error:
        file = _LENIENT_FILE.validate_python(raw, context=LENIENT)
        found = list(findings(error))
    found += broken(Draft(file, raw)) if file is not None else []
    if file is None or found:
        raise _faulty(text, found)
    return file


def _parse(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits, 1,000 brackets
        raise ClinicFileFaulty([_syntax_fault(text, str(error))]) from error


def _syntax_fault(text: str, message: str) -> FileFault:
    match = _AT_LINE.search(message)
    if match is None or match[1] is None:
        line, column = text.rstrip("\n").count("\n") + 1, "end of file"
    else:
        line, column = int(match[1]), f"column {match[2]}"
    return FileFault(line, column, f"this is not TOML: {_AT_LINE.sub('', message)}")


def _faulty(text: str, found: list[Finding]) -> ClinicFileFaulty:
    lines = Lines(text)
    faults = {FileFault(lines.of(each.loc), where(each.loc), each.reason): None for each in found}
    return ClinicFileFaulty(sorted(faults, key=lambda fault: fault.line))


def where(loc: Loc) -> str:
    """`("practitioners", 2, "name")` as `practitioners[2].name`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)
    return "".join(parts).removeprefix(".") or "the file"


def cross_check(file: ClinicFile) -> list[Finding]:
    """What is wrong between the parts of a file whose parts are well-formed."""
    return broken(Draft(file, document(file)))


def document(file: ClinicFile) -> dict[str, Any]:
    """The file as JSON-able data with every default written out: the same clinic gives the same document."""
    return file.model_dump(mode="json")


def from_document(stored: Mapping[str, Any]) -> Clinic:
    """The clinic of a document that `document` made. pydantic's ValidationError if it is another one."""
    return to_domain(ClinicFile.model_validate(stored))


def unapproved(file: ClinicFile) -> list[str]:
    """The rule sets that nobody has approved, as `triage:2026-01` or `consent telehealth:2026-01`."""
    triage = [(f"triage:{file.triage.version}", file.triage)] if file.triage else []
    consents = [(f"consent {each.kind}:{each.version}", each) for each in file.consents]
    return [name for name, rules in (*triage, *consents) if not rules.approved()]


@dataclass(frozen=True, slots=True, order=True)
class LeftOut:
    """Something that a new file no longer has; visits may still point to it."""

    kind: str
    """`location`, `room`, `practitioner` or `visit_type`."""
    code: str
    """A room's is `location/room`."""


def left_out(old: Clinic, new: Clinic) -> list[LeftOut]:
    return sorted(_parts(old) - _parts(new))


def _parts(clinic: Clinic) -> set[LeftOut]:
    return {
        *(LeftOut("location", each.code) for each in clinic.locations),
        *(LeftOut("room", f"{each.code}/{room.code}") for each in clinic.locations for room in each.rooms),
        *(LeftOut("practitioner", each.code) for each in clinic.practitioners),
        *(LeftOut("visit_type", each.code) for each in clinic.visit_types),
    }
