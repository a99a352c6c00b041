"""Weekly hours and periods of validity."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import combinations
from typing import Protocol
from zoneinfo import ZoneInfo

from scheduler.domain.clinic import Mode
from scheduler.services.clinic.lines import Loc
from scheduler.services.clinic.reasons import Finding
from scheduler.services.clinic.rules.draft import Draft
from scheduler.services.clinic.schema import WEEK, HoursTable, PractitionerTable
from scheduler.services.clinic.table import if_sound, numbered, sound
from scheduler.services.clinic.values import clock_text

MONDAYS = (date(2029, 1, 8), date(2029, 7, 9))
"""Weeks in which zones are compared: one in winter, one in summer, as not every zone changes its clock."""


def _all(draft: Draft) -> Iterator[tuple[Loc, HoursTable]]:
    for i, practitioner in numbered(draft.file.practitioners):
        for j, hours in numbered(practitioner.hours):
            yield ("practitioners", i, "hours", j), hours


def that_end_before_they_begin(draft: Draft) -> Iterator[Finding]:
    for loc, hours in _all(draft):
        if hours.closes <= hours.opens:
            closes, opens = clock_text(hours.closes), clock_text(hours.opens)
            yield Finding((*loc, "closes"), f"{closes} is not after opens {opens}")


def in_person_without_a_location(draft: Draft) -> Iterator[Finding]:
    for loc, hours in _all(draft):
        if Mode.IN_PERSON in hours.modes and hours.location is None:
            yield Finding((*loc, "modes"), "in-person hours need a location; add location")


class _Period(Protocol):
    @property
    def valid_from(self) -> date | None: ...
    @property
    def until(self) -> date | None: ...


def _periods(draft: Draft) -> Iterator[tuple[Loc, _Period]]:
    yield from _all(draft)
    for i, practitioner in numbered(draft.file.practitioners):
        for j, licence in numbered(practitioner.licences):
            yield ("practitioners", i, "licences", j), licence


def periods_that_end_before_they_begin(draft: Draft) -> Iterator[Finding]:
    for loc, period in _periods(draft):
        if period.valid_from and period.until and period.until < period.valid_from:
            yield Finding((*loc, "until"), f"{period.until} is before valid_from {period.valid_from}")


def that_overlap(draft: Draft) -> Iterator[Finding]:
    """A person is in one place at a time. Hours are compared as instants, for their zones may differ."""
    for i, practitioner in numbered(draft.file.practitioners):
        usable = [(j, hours) for j, hours in numbered(practitioner.hours) if hours.opens < hours.closes]
        for (j, first), (k, second) in combinations(usable, 2):
            day = _common_day(draft, practitioner, first, second)
            if day is not None:
                where = f"practitioners[{i}].hours[{j}]"
                yield Finding(("practitioners", i, "hours", k), f"overlaps {where} on {day}")


def _common_day(draft: Draft, who: PractitionerTable, first: HoursTable, second: HoursTable) -> str | None:
    zones = _zone(draft, who, first), _zone(draft, who, second)
    if None in zones or not _same_time_of_life(first, second):
        return None
    for monday in MONDAYS:
        for day, begin, end in _week(second, monday, zones[1]):
            if any(b < end and begin < e for _, b, e in _week(first, monday, zones[0])):
                return day
    return None


def _same_time_of_life(first: _Period, second: _Period) -> bool:
    begin = max(first.valid_from or date.min, second.valid_from or date.min)
    return begin <= min(first.until or date.max, second.until or date.max)


def _zone(draft: Draft, practitioner: PractitionerTable, hours: HoursTable) -> ZoneInfo | None:
    """The zone that these hours are in: the location's, else the practitioner's, else the clinic's."""
    clinic = if_sound(draft.file.clinic)
    if hours.location is None:
        own = practitioner.timezone
    else:
        place = next((e for e in sound(draft.file.locations) if e.code == hours.location), None)
        if place is None:
            return None
        own = place.timezone
    name = own or (clinic.timezone if clinic else None)
    return ZoneInfo(name) if name else None


def _week(hours: HoursTable, monday: date, zone: ZoneInfo | None) -> Iterator[tuple[str, datetime, datetime]]:
    for day in hours.days:
        date_ = monday + timedelta(WEEK.index(day))
        begin = datetime.combine(date_, hours.opens, zone)
        end = datetime.combine(date_, hours.closes, zone)
        if hours.closes == time.max:
            end = datetime.combine(date_ + timedelta(1), time.min, zone)
        yield day, begin.astimezone(UTC), end.astimezone(UTC)
