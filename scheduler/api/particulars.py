"""What a problem says besides its text: the times that are free instead, the texts to agree to."""

from dataclasses import asdict
from typing import Any
from zoneinfo import ZoneInfo

from scheduler.api.languages import language
from scheduler.api.slot_json import slot_json
from scheduler.api.texts import texts
from scheduler.domain.clinic import ConsentText
from scheduler.domain.errors import (
    ConsentRequired,
    Fault,
    IllegalTransition,
    Invalid,
    SchedulerError,
    SlotTaken,
)


def particulars(error: SchedulerError) -> dict[str, object]:
    """Members of the problem's body beyond those that all have."""
    match error:
        case Invalid():
            return {"errors": described(list(error.faults))}
        case SlotTaken():
            zone = error.zone or ZoneInfo("UTC")
            return {"alternatives": [slot_json(slot, error.minutes, zone) for slot in error.alternatives]}
        case IllegalTransition():
            return {"allowed": list(error.allowed)}
        case ConsentRequired():
            return {"consents": [consent_json(each, language()) for each in error.missing]}
        case _:
            return {}


def described(faults: list[Fault]) -> list[dict[str, str]]:
    known = texts(language())["faults"]
    return [{**asdict(fault), "detail": known[fault.code]} for fault in faults]


def consent_json(text: ConsentText, spoken: str) -> dict[str, Any]:
    """A text to agree to; in the first language in which the clinic wrote it where it has not that one."""
    return {
        "kind": text.kind,
        "version": text.version,
        "text": text.text.get(spoken) or next(iter(text.text.values())),
        "modes": sorted(text.modes),
        "required": text.required,
    }
