"""Values that occur nowhere else, in every spelling in which they could slip out."""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import quote

FIRST, LAST = "Zaphira", "Kanarienvogel"
NAME = f"{FIRST} {LAST}"
BORN = "1957-03-14"
EMAIL, NEW_EMAIL = "zaphira.kanari@canaries.example", "neu.gelb@canaries.example"
BAD_EMAIL = "fort.gelb@canaries.example"
"""Refused by its mail server."""
PHONE, CAR_PHONE, CALL_PHONE = "+14095550142", "+14095550143", "+14095550144"
ADDRESS = "4711 Zwitscherweg, Exampleville"
HELPER, HELPER_EMAIL = "Quentin Zeisigfink", "quentin.zeisig@canaries.example"
LABEL, QUESTION, ADVICE = "Zwetschgenprobe", "Fieberfrage", "Dringlichkeitsrat"
"""Of the clinic file: what kind of visit it is, what is asked before it, and what follows from an answer."""

PERSON: Mapping[str, tuple[str, ...]] = {
    "first name": (FIRST,),
    "last name": (LAST,),
    "birth date": (
        BORN,
        "19570314",
        "March 14, 1957",
        "03/14/1957",
        "3/14/1957",
        "1957, 3, 14",
        "14.03.1957",
    ),
    "mail": (EMAIL, "zaphira.kanari"),
    "new mail": (NEW_EMAIL, "neu.gelb"),
    "refused mail": (BAD_EMAIL, "fort.gelb"),
    "phone": ("4095550142", "409) 555-0142", "409-555-0142", "409 555 0142"),
    "number at the gate": ("4095550143", "409) 555-0143", "409-555-0143", "409 555 0143"),
    "number for a call": ("4095550144", "409) 555-0144", "409-555-0144", "409 555 0144"),
    "address": ("Zwitscherweg",),
    "helper's first name": ("Quentin",),
    "helper's last name": ("Zeisigfink",),
    "helper's mail": (HELPER_EMAIL, "quentin.zeisig"),
}
HEALTH: Mapping[str, tuple[str, ...]] = {
    "kind of visit": (LABEL,),
    "safety question": (QUESTION,),
    "advice": (ADVICE,),
}


@cache
def spellings(text: str) -> tuple[bytes, ...]:
    """In small letters, as what is searched is: plain, for addresses, in JSON, as hex."""
    plain = {text, quote(text, safe=""), quote(text), json.dumps(text)[1:-1], text.replace(" ", "+")}
    return (*{each.lower().encode() for each in plain}, text.encode().hex().encode())


ENOUGH = 8
"""Letters of base64: fewer are found by chance."""


@cache
def in_base64(text: str) -> tuple[bytes, ...]:
    """As it stands in the midst of something larger, wherever that begins."""
    return tuple(dict.fromkeys(_in_base64(text)))


def _in_base64(text: str) -> Iterator[bytes]:
    for shift in range(3):
        padded = bytes(shift) + text.encode()
        padded = padded[: len(padded) // 3 * 3]  # whole groups alone are always the same
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            found = encode(padded)[4 if shift else 0 :]
            if len(found) >= ENOUGH:
                yield found


@dataclass
class Secrets:
    """What must not be found; `tokens` are learned on the way."""

    tokens: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def learn(self, what: str, *values: str) -> None:
        self.tokens[what] = tuple(dict.fromkeys((*self.tokens.get(what, ()), *values)))

    def all(self) -> dict[str, tuple[str, ...]]:
        return {**PERSON, **HEALTH, **self.tokens}

    def without(self, *known: str) -> dict[str, tuple[str, ...]]:
        """For a place where some of it may be."""
        return {what: texts for what, texts in self.all().items() if what not in known}


def found_in(haystack: bytes, secrets: Mapping[str, Iterable[str]]) -> set[str]:
    """Which of them are there, in whatever spelling."""
    small = haystack.lower()
    return {
        what
        for what, texts in secrets.items()
        for text in texts
        if any(each in small for each in spellings(text)) or any(each in haystack for each in in_base64(text))
    }
