"""Names and contacts as they are compared, and the reference that a visit is called by."""

import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

ALPHABET = "23456789BCDFGHJKMNPQRSTVWXYZ"
"""No vowels and nothing that looks like something else: read over the phone, and never a word."""
REFERENCE_LENGTH = 8

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""Characters that could break a header, a log line or a calendar property."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Somebody who can be told something; contacts are normalised: E.164, lower-case domain."""

    name: str
    email: str | None = None
    phone: str | None = None
    language: str = "en"
    timezone: str | None = None
    channels: tuple[str, ...] = ()
    """How they wish to hear of a visit, as `domain.messages` names channels; empty where they did not say."""

    @property
    def first_name(self) -> str:
        return self.name.split()[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person(Contact):
    """A patient as the booking form names them."""

    birth_date: date


class Receives(StrEnum):
    """What somebody who books for another person gets to hear."""

    INSTEAD = "instead"
    ALSO = "also"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Booker(Contact):
    """Somebody who books for a patient."""

    relationship: str
    """A code, such as `parent`."""
    receives: Receives


def fold(name: str) -> str:
    """A name as it is compared: without case, accents, punctuation and doubled spaces."""
    compatible = unicodedata.normalize("NFKD", name)  # first: a black-letter capital has no case of its own
    plain = unicodedata.normalize("NFKD", compatible.casefold())
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(re.sub(r"[^\w\s]|_", " ", letters).split())


def surname(name: str) -> str:
    """The last word of a folded name."""
    words = fold(name).split()
    return words[-1] if words else ""


def fold_email(email: str) -> str:
    """An address as it is compared."""
    return email.casefold()


def new_reference() -> str:
    """A reference of eight characters, such as `K7QM-2XWP`."""
    drawn = "".join(secrets.choice(ALPHABET) for _ in range(REFERENCE_LENGTH))
    return f"{drawn[:4]}-{drawn[4:]}"


def fold_reference(reference: str) -> str:
    """A reference as it is compared: however it was typed."""
    return re.sub(r"[\s-]", "", reference).upper()


def initials(name: str) -> str:
    """Two letters by which a family tells its members apart, and nobody else: `J.D.`."""
    words = fold(name).upper().split()
    return "".join(f"{word[0]}." for word in (words[0], words[-1])) if words else ""
