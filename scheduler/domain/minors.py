"""Patients under age: a parent or guardian books for them, and hears of the visit instead."""

from datetime import date

from scheduler.domain.errors import Fault, GuardianRequired, Invalid
from scheduler.domain.people import Booker, Receives

OF_AGE = 18
"""Years."""
GUARDIANS = frozenset({"parent", "guardian"})
"""Relationships of somebody who may speak for a minor."""


def is_minor(born: date, day: date) -> bool:
    """Whether somebody is under 18 on that day; born on a leap day, they are of age on March 1."""
    return (day.year - born.year, day.month, day.day) < (OF_AGE, born.month, born.day)


def check_guardian(born: date, day: date, booker: Booker | None) -> None:
    """Raises GuardianRequired, Invalid where messages could not go to the guardian."""
    if not is_minor(born, day):
        return
    if booker is None or booker.relationship not in GUARDIANS:
        raise GuardianRequired
    if not (booker.email or booker.phone):
        raise Invalid([Fault("/booked_by", "no-contact")])


def receives(born: date, day: date, booker: Booker) -> Receives:
    """What whoever booked gets to hear: of a minor's visit all of it, whatever they chose."""
    return Receives.INSTEAD if is_minor(born, day) else booker.receives
