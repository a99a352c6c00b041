"""A clinic of the domain, built part by part: what a test does not say is plain."""

from collections.abc import Container
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from scheduler.domain.clinic import (
    Approval,
    Clinic,
    Hours,
    Licence,
    Location,
    Mode,
    NewPatients,
    Practitioner,
    ReminderPlan,
    Room,
    Sender,
    VisitType,
)
from scheduler.domain.slots import Search

NEW_YORK = ZoneInfo("America/New_York")
CHICAGO = ZoneInfo("America/Chicago")

EVERY_DAY = frozenset(range(7))
BOTH = frozenset(Mode)

LONG_AGO = datetime(1990, 1, 1, tzinfo=UTC)
FAR_AWAY = datetime(2090, 1, 1, tzinfo=UTC)


def hours(opens: time = time(9), closes: time = time(17), **more: Any) -> Hours:
    """Open every day, in both modes, at `main`."""
    own: dict[str, Any] = {"days": EVERY_DAY, "modes": BOTH, "location": "main", **more}
    return Hours(opens=opens, closes=closes, **own)


def practitioner(code: str = "one", *when: Hours, zone: ZoneInfo = CHICAGO, **more: Any) -> Practitioner:
    own: dict[str, Any] = {"licences": (Licence("TX"),), **more}
    return Practitioner(code, f"Dr. {code}", f"Dr. {code}", zone, when or (hours(),), **own)


def location(code: str = "main", rooms: int = 1, zone: ZoneInfo = CHICAGO, **more: Any) -> Location:
    made = tuple(Room(f"r{n + 1}", f"Room {n + 1}") for n in range(rooms))
    return Location(code, code.title(), "1 Example Street", zone, made, **more)


def visit_type(code: str = "follow-up", **more: Any) -> VisitType:
    """Half an hour, every quarter of an hour, in both modes."""
    own: dict[str, Any] = {
        "label": {"en": "Visit"},
        "description": {"en": "A visit."},
        "minutes": 30,
        "modes": dict.fromkeys(Mode, Approval.AUTO),
        "new_patients": NewPatients.EITHER,
        **more,
    }
    return VisitType(code, **own)


def clinic(
    *practitioners: Practitioner,
    locations: tuple[Location, ...] | None = None,
    visit_types: tuple[VisitType, ...] | None = None,
    holidays: Container[date] = frozenset(),
    zone: ZoneInfo = CHICAGO,
    languages: tuple[str, ...] = ("en", "es"),
) -> Clinic:
    return Clinic(
        name="Example Clinic",
        sender=Sender("Example Clinic", "appointments@clinic.example"),
        phone="+14095550100",
        timezone=zone,
        languages=languages,
        emergency={"en": "Call 911."},
        links={},
        locations=(location(zone=zone),) if locations is None else locations,
        practitioners=practitioners or (practitioner(zone=zone),),
        visit_types=visit_types or (visit_type(),),
        holidays=holidays,
        reminders=ReminderPlan(),
        carried={},
    )


def search(kind: VisitType, first: date, last: date | None = None, **more: Any) -> Search:
    """By video, on one day or several, whatever notice and horizon say."""
    own: dict[str, Any] = {
        "mode": Mode.TELEMEDICINE,
        "zone": CHICAGO,
        "earliest": LONG_AGO,
        "latest": FAR_AWAY,
        **more,
    }
    return Search(visit_type=kind, first=first, last=last or first, **own)


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)
