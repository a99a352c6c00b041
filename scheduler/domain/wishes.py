"""What somebody looks for, in the codes of the clinic file, and what the clinic makes of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from scheduler.domain.clinic import Clinic, Mode, VisitType
from scheduler.domain.errors import Fault, Invalid
from scheduler.domain.needs import lengthened, need_faults
from scheduler.domain.slots import Search, horizon


@dataclass(frozen=True, slots=True)
class Wish:
    """A kind of visit, in one mode; with somebody or somewhere in particular, or not."""

    visit_type: str
    mode: Mode
    practitioner: str | None = None
    location: str | None = None
    state: str | None = None
    """Where the patient will be during a visit by video."""
    needs: tuple[str, ...] = ()


def visit_type_of(clinic: Clinic, wish: Wish) -> VisitType:
    """Raises Invalid with every code that the clinic does not have or does not offer."""
    kind = clinic.visit_type(wish.visit_type)
    faults = [*_unknown(clinic, wish)]
    if kind is not None and wish.mode not in kind.modes:
        faults.append(Fault("/mode", "not-offered"))
    if faults or kind is None:
        raise Invalid(faults)
    return kind


def _unknown(clinic: Clinic, wish: Wish) -> Iterator[Fault]:
    if clinic.visit_type(wish.visit_type) is None:
        yield Fault("/visit_type", "unknown")
    if wish.practitioner is not None and clinic.practitioner(wish.practitioner) is None:
        yield Fault("/practitioner", "unknown")
    if wish.location is not None and clinic.location(wish.location) is None:
        yield Fault("/location", "unknown")
    elif wish.location is not None and wish.mode is Mode.TELEMEDICINE:
        yield Fault("/location", "not-offered")
    yield from need_faults(clinic, wish.mode, wish.needs)


def zone_of(clinic: Clinic, wish: Wish) -> ZoneInfo:
    """The zone whose dates a search speaks of: the wished location's, else the clinic's."""
    place = clinic.location(wish.location) if wish.location else None
    return place.timezone if place else clinic.timezone


def search(clinic: Clinic, wish: Wish, first: date, last: date, now: datetime) -> Search:
    """The wish on some days (local dates, both included), within the notice and the horizon of its type.

    Raises Invalid.
    """
    kind = lengthened(clinic, visit_type_of(clinic, wish), wish.needs)
    earliest, latest = horizon(kind, now)
    return Search(
        visit_type=kind,
        mode=wish.mode,
        first=first,
        last=last,
        zone=zone_of(clinic, wish),
        earliest=earliest,
        latest=latest,
        practitioner=wish.practitioner,
        location=wish.location,
        state=wish.state if wish.mode is Mode.TELEMEDICINE else None,
    )
