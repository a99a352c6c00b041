"""Free times as somebody without a computer would find them: clock, calendar and patience.

No masks and no shortcuts: every minute is looked at. It is what `free_times` must agree with.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from scheduler.domain.clinic import Clinic, Hours, Location, Mode, Practitioner
from scheduler.domain.slots import Search, Taken

MINUTE = timedelta(minutes=1)


@lru_cache(maxsize=100_000)
def first_shown(zone: ZoneInfo, day: date, clock: time) -> datetime:
    """The first minute at which the wall shows this time or a later one."""
    at = datetime.combine(day, time(0), UTC) - timedelta(hours=15)
    while at.astimezone(zone).replace(tzinfo=None) < datetime.combine(day, clock):
        at += MINUTE
    return at


def opening(hours: Hours, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    if hours.closes == time.max:
        return first_shown(zone, day, hours.opens), first_shown(zone, day + timedelta(days=1), time(0))
    return first_shown(zone, day, hours.opens), first_shown(zone, day, hours.closes)


class Naive:
    def __init__(self, clinic: Clinic, search: Search, taken: Taken) -> None:
        self.clinic, self.search, self.taken = clinic, search, taken

    def free(self) -> dict[tuple[datetime, str | None], list[str]]:
        """Who could give a visit, by start and place."""
        found: dict[tuple[datetime, str | None], list[str]] = {}
        for who, where in self.chairs():
            for start in sorted(self.starts(who, where)):
                if (
                    self.wanted(start)
                    and not self.full(who, where, start)
                    and self.unclaimed(who, where, start)
                ):
                    found.setdefault((start, where.code if where else None), []).append(who.code)
        return found

    def chairs(self) -> Iterator[tuple[Practitioner, Location | None]]:
        kind = self.search.visit_type
        for who in self.clinic.practitioners:
            if kind.practitioners and who.code not in kind.practitioners:
                continue
            if self.search.practitioner not in (None, who.code):
                continue
            if self.search.mode is Mode.TELEMEDICINE:
                yield who, None
                continue
            for where in self.clinic.locations:
                if self.search.location in (None, where.code):
                    yield who, where

    def openings(self, who: Practitioner, where: Location | None) -> Iterator[tuple[datetime, datetime]]:
        for hours in who.hours:
            if self.search.mode not in hours.modes or (where and hours.location != where.code):
                continue
            place = next((each for each in self.clinic.locations if each.code == hours.location), None)
            day = self.search.first - timedelta(days=2)
            while day <= self.search.last + timedelta(days=2):
                if self.open_on(hours, day, who, where):
                    yield opening(hours, day, place.timezone if place else who.timezone)
                day += timedelta(days=1)

    def open_on(self, hours: Hours, day: date, who: Practitioner, where: Location | None) -> bool:
        if day.weekday() not in hours.days or day in self.clinic.holidays:
            return False
        if hours.valid_from and day < hours.valid_from:
            return False
        ends = [hours.until, who.until, self.search.visit_type.until, where.until if where else None]
        return all(end is None or day <= end for end in ends)

    def starts(self, who: Practitioner, where: Location | None) -> set[datetime]:
        """On the step of an opening, and open for every minute of the visit."""
        openings = list(self.openings(who, where))
        open_minutes: set[datetime] = set()
        for start, end in openings:
            while start < end:
                open_minutes.add(start)
                start += MINUTE
        found = set()
        for start, end in openings:
            while start < end:
                if all(start + MINUTE * n in open_minutes for n in range(self.search.visit_type.minutes)):
                    found.add(start)
                start += MINUTE * self.search.visit_type.step
        return found

    def wanted(self, start: datetime) -> bool:
        day = start.astimezone(self.search.zone).date()
        return (
            self.search.first <= day <= self.search.last
            and self.search.earliest <= start <= self.search.latest
        )

    def full(self, who: Practitioner, where: Location | None, start: datetime) -> bool:
        limit = self.search.visit_type.daily_limit
        day = start.astimezone(where.timezone if where else who.timezone).date()
        return limit is not None and self.taken.counts.get((who.code, day), 0) >= limit

    def unclaimed(self, who: Practitioner, where: Location | None, start: datetime) -> bool:
        if not self.undisturbed(who.code, start):
            return False
        if where is None or not self.search.visit_type.room:
            return True
        return any(self.undisturbed(f"{where.code}/{room.code}", start) for room in where.rooms)

    def undisturbed(self, key: str, start: datetime) -> bool:
        kind = self.search.visit_type
        begin = start - MINUTE * kind.buffer_before
        end = start + MINUTE * (kind.minutes + kind.buffer_after)
        return all(end <= a or b <= begin for a, b in self.taken.stretches.get(key, ()))
