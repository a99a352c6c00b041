"""When the clinic offers visits, before anything is booked: opening hours, holidays, ends, the step."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from scheduler.domain import bits
from scheduler.domain.bits import Window
from scheduler.domain.clinic import GRID_MINUTES, Clinic, Hours, Location, Mode, Practitioner, VisitType
from scheduler.domain.times import DAY, Stretch, day_span, days, local_span


@dataclass(frozen=True, slots=True)
class Chair:
    """Somebody who gives a visit, and where: `location` is None for telemedicine."""

    practitioner: Practitioner
    location: Location | None

    @property
    def place(self) -> str | None:
        return self.location.code if self.location else None

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which the visit is promised."""
        return self.location.timezone if self.location else self.practitioner.timezone


class Schedule:
    """The offer of one version of the clinic; remembers its masks, which are asked for again and again."""

    def __init__(self, clinic: Clinic) -> None:
        self.clinic = clinic
        self.offered = lru_cache(maxsize=2_048)(self._offered)

    def chairs(
        self, visit_type: VisitType, mode: Mode, practitioner: str | None = None, location: str | None = None
    ) -> list[Chair]:
        """Who could give such a visit, and where."""
        return [
            Chair(who, where)
            for who in self.clinic.practitioners
            if visit_type.given_by(who) and practitioner in (None, who.code)
            for where in self._places(who, mode)
            if location is None or (where is not None and where.code == location)
        ]

    def _places(self, practitioner: Practitioner, mode: Mode) -> Iterator[Location | None]:
        if mode is Mode.TELEMEDICINE:
            yield None
            return
        codes = {hours.location for hours in practitioner.hours if mode in hours.modes}
        yield from (location for location in self.clinic.locations if location.code in codes)

    def open_on(self, who: Practitioner, day: date) -> int:
        """When somebody is there on a local date, in any mode and place, as a mask over Window(day, day)."""
        window, opened = Window(day, day), 0
        for hours in who.hours:
            if self._open_on(hours, day):
                opened |= window.span(*local_span(day, hours.opens, hours.closes, self._zone_of(hours, who)))
        return opened

    def hours_on(
        self, who: Practitioner, day: date, zone: ZoneInfo, location: str | None = None
    ) -> list[Stretch]:
        """When somebody is there on a date in `zone`, in any mode, at one location or anywhere; by start."""
        begins, ends = day_span(day, day, zone)
        found = [
            local_span(each, hours.opens, hours.closes, self._zone_of(hours, who))
            for hours in who.hours
            if location in (None, hours.location)
            for each in days(day - DAY, day + DAY)
            if self._open_on(hours, each) and (who.until is None or each <= who.until)
        ]
        inside = ((max(start, begins), min(end, ends)) for start, end in found)
        return sorted((start, end) for start, end in inside if start < end)

    def _offered(
        self,
        visit_type: str,
        minutes: int,
        mode: Mode,
        practitioner: str,
        location: str | None,
        first: date,
        last: date,
    ) -> int:
        """Starts at which so long a visit lies in opening hours, as a mask over Window(first, last)."""
        kind = self.clinic.visit_type(visit_type)
        who = self.clinic.practitioner(practitioner)
        where = self.clinic.location(location) if location else None
        assert kind and who
        ends = min(filter(None, (kind.until, who.until, where.until if where else None)), default=date.max)
        window = Window(first, last)
        opened = aligned = 0
        for start, end in self._openings(who, mode, where, first, min(last, ends - DAY)):
            low, high = window.floor(start), window.ceil(end)
            opened |= bits.span(low, high)
            aligned |= bits.every(kind.step // GRID_MINUTES, low, high)
        return bits.runs(opened, minutes // GRID_MINUTES) & aligned & window.everything

    def _openings(
        self, who: Practitioner, mode: Mode, where: Location | None, first: date, last: date
    ) -> Iterator[tuple[datetime, datetime]]:
        """Opening hours from the day before `first` to the day after `last`: zones shift dates by one."""
        for hours in who.hours:
            if mode in hours.modes and (where is None or hours.location == where.code):
                zone = self._zone_of(hours, who)
                for day in days(first - DAY, last + DAY):
                    if self._open_on(hours, day):
                        yield local_span(day, hours.opens, hours.closes, zone)

    def _zone_of(self, hours: Hours, who: Practitioner) -> ZoneInfo:
        place = self.clinic.location(hours.location) if hours.location else None
        return place.timezone if place else who.timezone

    def _open_on(self, hours: Hours, day: date) -> bool:
        return (
            day.weekday() in hours.days
            and (hours.valid_from is None or hours.valid_from <= day)
            and (hours.until is None or day <= hours.until)
            and day not in self.clinic.holidays
        )
