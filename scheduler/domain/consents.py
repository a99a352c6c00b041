"""What somebody agrees to when they book, and what they need not have agreed to."""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from scheduler.domain.clinic import Clinic, ConsentText, Mode
from scheduler.domain.errors import ConsentRequired, Fault, Invalid


class ConsentKind(StrEnum):
    """The kinds that the service itself asks about; a clinic may have more."""

    TELEHEALTH = "telehealth"
    """To be seen by video: without it no join link works."""
    PRIVACY = "privacy"
    """The notice of privacy practices; a refusal is recorded and blocks nothing."""
    SMS = "sms"
    """To be sent texts; it belongs to the number, and nothing ever depends on it."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody said to one text."""

    text: ConsentText
    granted: bool


@dataclass(frozen=True, slots=True)
class Said:
    """The texts that somebody agreed to and refused, as `kind:version`."""

    agreed: Sequence[str] = ()
    refused: Sequence[str] = ()


def asked_of(clinic: Clinic, mode: Mode) -> Iterator[ConsentText]:
    """The texts that a visit of that mode asks for."""
    return (each for each in clinic.consents if mode in each.modes)


def missing(clinic: Clinic, mode: Mode, agreed: Collection[str]) -> list[ConsentText]:
    """What such a visit cannot do without."""
    return [each for each in asked_of(clinic, mode) if each.required and each.name not in agreed]


def check(clinic: Clinic, mode: Mode, agreed: Collection[str]) -> None:
    """Raises ConsentRequired with what is missing."""
    if lacking := missing(clinic, mode, agreed):
        raise ConsentRequired(lacking)


def decisions(clinic: Clinic, said: Said) -> list[Decision]:
    """What was said, to texts that are in force.

    Raises Invalid for others: whoever agreed to an earlier version agreed to another text.
    """
    known = {each.name: each for each in clinic.consents}
    spoken = [("consents", said.agreed), ("refused", said.refused)]
    names = [(f"/{field}/{at}", name) for field, given in spoken for at, name in enumerate(given)]
    if faults := [Fault(pointer, "not-in-force") for pointer, name in names if name not in known]:
        raise Invalid(faults)
    agreed, refused = ([known[name] for name in dict.fromkeys(given)] for _, given in spoken)
    return [*(Decision(each, True) for each in agreed), *(Decision(each, False) for each in refused)]


def decisions_at_booking(clinic: Clinic, mode: Mode, agreed: Sequence[str] | None) -> list[Decision]:
    """What is to be written down of a booking; None is a form that did not ask.

    Of what was left out only the notice of privacy practices is a refusal: a box for texts that nobody ticked
    takes nothing back.

    Raises ConsentRequired, Invalid.
    """
    if agreed is None:
        check(clinic, mode, ())
        return []
    check(clinic, mode, agreed)
    left = [each.name for each in asked_of(clinic, mode) if each.name not in agreed]
    notices = [name for name in left if name.startswith(f"{ConsentKind.PRIVACY}:")]
    return decisions(clinic, Said(agreed, notices))


def read_in(text: ConsentText, language: str) -> str:
    """The language in which somebody who prefers `language` read it."""
    return language if language in text.text else next(iter(text.text))


def digest(text: ConsentText, language: str) -> bytes:
    """SHA-256 of the text as it was read in a language."""
    return hashlib.sha256(text.text[language].encode()).digest()
