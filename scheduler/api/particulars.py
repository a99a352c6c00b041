"""What a problem says besides its text: the times that are free instead, the texts to agree to."""

from dataclasses import asdict
from typing import Any
from zoneinfo import ZoneInfo

from scheduler.api.languages import language
from scheduler.api.slot_json import slot_json
from scheduler.api.texts import texts
from scheduler.domain.clinic import ConsentText, Texts
from scheduler.domain.errors import (
    ConsentRequired,
    Emergency,
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
            return {"consents": [consent_json(each) for each in error.missing]}
        case Emergency():
            return {"advice": {"text": spoken(error.texts), "phone": error.phone}}
        case _:
            return {}


def described(faults: list[Fault]) -> list[dict[str, str]]:
    known = texts(language())["faults"]
    return [{**asdict(fault), "detail": known[fault.code]} for fault in faults]


def spoken(texts: Texts) -> str:
    """A text of the clinic in the caller's language, else in the first in which it is written."""
    return texts.get(language()) or next(iter(texts.values()))


def consent_json(text: ConsentText) -> dict[str, Any]:
    """A text to agree to."""
    return {
        "kind": text.kind,
        "version": text.version,
        "text": spoken(text.text),
        "modes": sorted(text.modes),
        "required": text.required,
    }
