"""What the templates of the front desk know besides what all pages know."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response

from scheduler.api.runtime import runtime
from scheduler.domain.clinic import Clinic
from scheduler.messages.facts import spoken_phone
from scheduler.messages.moments import Moment, moment
from scheduler.messages.words import WORDS
from scheduler.services.visits.for_staff import StaffVisit
from scheduler.web import speech
from scheduler.web.house import said
from scheduler.web.rendering import page
from scheduler.web.staff.members import cookie, member


class Say:
    """Instants, people and places in the words of the page's language.

    Where no zone is named, instants are told by the clinic's clock.
    """

    def __init__(self, language: str, clinic: Clinic) -> None:
        self._language = language
        self._clinic = clinic

    def clock(self, at: datetime, zone: str = "") -> str:
        """`10:15 AM`."""
        return self._moment(at, zone).time

    def zone(self, at: datetime, zone: str = "") -> str:
        """`Central Time`."""
        return self._moment(at, zone).zone

    def when(self, at: datetime, zone: str = "") -> str:
        """`Tue, Dec 8, 10:15 AM`."""
        return f"{self.short_day(self._local(at, zone).date())}, {self.clock(at, zone)}"

    def day(self, day: date) -> str:
        """`Tuesday, December 8, 2026`."""
        return moment(_noon(day), ZoneInfo("UTC"), self._language).date

    def short_day(self, day: date) -> str:
        """`Tue, Dec 8`."""
        return f"{WORDS[self._language].weekdays[day.weekday()][:3]}, {self._short(day)}"

    def plain_date(self, day: date) -> str:
        """`Feb 29, 1960`."""
        return f"{self._short(day)}, {day.year}"

    def age(self, born: date, today: date) -> int:
        return today.year - born.year - ((today.month, today.day) < (born.month, born.day))

    def phone(self, number: str | None) -> str:
        return spoken_phone(number) if number else ""

    def practitioner(self, code: str) -> str:
        found = self._clinic.practitioner(code)
        return found.name if found else code

    def location(self, code: str | None) -> str:
        found = self._clinic.location(code) if code else None
        return found.name if found else code or ""

    def visit_type(self, code: str) -> str:
        found = self._clinic.visit_type(code)
        return said(found.label, self._language, self._clinic) if found else code

    def kind(self, visit: StaffVisit) -> str:
        """Of a visit, in the reader's language; as it was booked, where the clinic has it no more."""
        found = self._clinic.visit_type(visit.visit_type)
        return said(found.label, self._language, self._clinic) if found else visit.label

    def actor(self, actor: str, words: Mapping[str, str]) -> str:
        """`staff:pat` → `Front desk: pat`."""
        kind, _, name = actor.partition(":")
        return words[f"by_{kind}"].format(name=name)

    def _moment(self, at: datetime, zone: str) -> Moment:
        return moment(at, self._zone(zone), self._language)

    def _local(self, at: datetime, zone: str) -> datetime:
        return at.astimezone(self._zone(zone))

    def _zone(self, zone: str) -> ZoneInfo:
        return ZoneInfo(zone) if zone else self._clinic.timezone

    def _short(self, day: date) -> str:
        return moment(_noon(day), ZoneInfo("UTC"), self._language).short_date


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def pairs(codes: Iterable[str], words: Mapping[str, str]) -> list[tuple[str, str]]:
    """Choices for a field: each code with its word."""
    return [(str(code), words.get(code, str(code))) for code in codes]


def the_clinic() -> Clinic:
    """The clinic in force."""
    run = runtime()
    with run.db.single() as connection:
        return run.desk.clinics.moment(connection).clinic


def show(template: str, status: int = 200, *, active: str = "", **values: object) -> Response:
    """A page of the front desk; `active` names the entry of the navigation that it belongs to."""
    clinic = the_clinic()
    known: dict[str, Any] = {
        "staff": member(),
        "cookie": cookie(),
        "active": active,
        "clinic": clinic,
        "say": Say(speech.language(), clinic),
        "pairs": pairs,
    }
    known.update(values)
    return page(f"staff/{template}", status, **known)
