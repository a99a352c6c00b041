"""Who does something."""

from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    PATIENT = "patient"
    BOOKED_BY = "booked_by"
    STAFF = "staff"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """`name` is the name of a staff key; empty for others."""

    kind: ActorKind
    name: str = ""

    @property
    def is_staff(self) -> bool:
        """The clinic itself, by a person or by its rules: nothing that binds only patients binds it."""
        return self.kind in (ActorKind.STAFF, ActorKind.SYSTEM)

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.name else str(self.kind)


PUBLIC = Actor(ActorKind.PATIENT)
"""Somebody who books: the patient, as far as anybody knows."""
SYSTEM = Actor(ActorKind.SYSTEM)
