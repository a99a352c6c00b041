"""Whether a practitioner can work at hours beyond the weekly ones."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from scheduler.domain.bits import CELL
from scheduler.domain.clinic import Clinic, Mode, Practitioner
from scheduler.domain.errors import Fault
from scheduler.domain.slots import Opening

LONGEST = timedelta(hours=24)
"""One entry is one stretch of work; a typing error in the year must not open a practice for years."""


def faults_of(clinic: Clinic, extra: Opening) -> list[Fault]:
    """What is wrong with it, all of it.

    Who gives visits where is read off the weekly hours: a search asks only at the places and in the modes
    that stand there, and extra hours elsewhere would be accepted and never offered.
    """
    who = clinic.practitioner(extra.practitioner)
    faults = [*_of_time(extra.start, extra.end)]
    if who is None:
        faults.append(Fault("/practitioner", "unknown"))
    if extra.location is not None and clinic.location(extra.location) is None:
        faults.append(Fault("/location", "unknown"))
    elif who is not None:
        faults += _of_place(who, extra.modes, extra.location)
    return faults


def _of_time(start: datetime, end: datetime) -> Iterator[Fault]:
    for name, at in (("start", start), ("end", end)):
        if at.timestamp() % CELL:
            yield Fault(f"/{name}", "off-grid")
    if end - start > LONGEST:
        yield Fault("/end", "too-long")


def _of_place(who: Practitioner, modes: Collection[Mode], location: str | None) -> Iterator[Fault]:
    places = {hours.location for hours in who.hours if Mode.IN_PERSON in hours.modes}
    if Mode.IN_PERSON in modes and location is None:
        yield Fault("/location", "required")
    elif Mode.IN_PERSON in modes and location not in places:
        yield Fault("/location", "no-weekly-hours")
    if Mode.TELEMEDICINE in modes and not any(Mode.TELEMEDICINE in hours.modes for hours in who.hours):
        yield Fault("/modes", "no-weekly-hours")
