"""The people and days of the tests: every one obviously an example."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
"""A Tuesday, 06:00 at the clinic."""

CENTRAL = ZoneInfo("America/Chicago")

PATIENT = {
    "name": "Pat Example",
    "birth_date": "1960-02-29",
    "email": "pat@patients.example",
    "phone": "(409) 555-0123",
}


ADULTS = 20_000
"""Birthdays from 1950 on of which each is an adult's."""


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A clinic's wall clock in December 2026."""
    return datetime(2026, 12, day, hour, minute, tzinfo=CENTRAL)


def patient(number: int = 0, **more: object) -> dict[str, object]:
    """An example patient; each number is somebody else."""
    born = (datetime(1950, 1, 1, tzinfo=UTC) + timedelta(days=number % ADULTS)).date().isoformat()
    mine = {"birth_date": born, "email": f"pat{number}@patients.example"}
    return {"name": "Pat Example", **mine, **more}


def wish(start: datetime, number: int = 0, **more: object) -> dict[str, Any]:
    """The body of a booking: a follow-up by video."""
    return {
        "visit_type": "follow-up",
        "mode": "telemedicine",
        "state": "TX",
        "start": start.isoformat(),
        "patient": patient(number),
        **more,
    }
