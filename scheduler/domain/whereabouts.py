"""Where a patient says to be during a visit by video."""

from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """When somebody says it."""

    BEFORE = "before"
    """On the day before, as the reminder asks; another state leaves the visit for staff to see to."""
    GATE = "gate"
    """On entering: who is where the practitioner may not see them is not let in."""


@dataclass(frozen=True, slots=True)
class Place:
    """A state, a street (or where the car is parked), and a number to call back when the line drops."""

    state: str
    phone: str
    """In E.164."""
    address: str
    in_car: bool = False
