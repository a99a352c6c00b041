"""Free times: what the clinic offers, less what is taken."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from scheduler.domain import bits
from scheduler.domain.bits import Window
from scheduler.domain.clinic import GRID_MINUTES, Location, Mode, VisitType
from scheduler.domain.schedule import Chair, Schedule
from scheduler.domain.times import DAY, Stretch, day_span, local_date


def room_key(location: Location, room: str) -> str:
    """How a room is called among the resources; a practitioner is called by the code."""
    return f"{location.code}/{room}"


class Opening(NamedTuple):
    """Hours of a practitioner beyond the weekly ones; `location` is needed for in-person visits."""

    practitioner: str
    location: str | None
    modes: frozenset[Mode]
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Taken:
    """What is no longer free in a window, and what is open in it besides the weekly hours."""

    stretches: Mapping[str, Sequence[Stretch]] = field(default_factory=dict)
    """By practitioner's code or room's key."""
    counts: Mapping[tuple[str, date], int] = field(default_factory=dict)
    """How many visits of the type in question a practitioner has on a local date."""
    loads: Mapping[tuple[str, date], int] = field(default_factory=dict)
    """How many visits of any type."""
    extra: Sequence[Opening] = ()
    leftovers: bool = False
    """Claims of ended holds lie about: they block nobody, but have to go before a new claim comes."""


@dataclass(frozen=True, slots=True)
class Search:
    """What somebody looks for; `first` and `last` are local dates in `zone`, both included."""

    visit_type: VisitType
    mode: Mode
    first: date
    last: date
    zone: ZoneInfo
    earliest: datetime
    """Now, plus the type's notice."""
    latest: datetime
    """Now, plus the type's horizon."""
    practitioner: str | None = None
    location: str | None = None
    state: str | None = None
    """Where the patient will be during a visit by video; None where that does not matter yet."""

    def on(self, start: datetime) -> "Search":
        """The same, on the day of one start alone."""
        day = local_date(start, self.zone)
        return self.between(day, day)

    def between(self, first: date, last: date) -> "Search":
        """The same, on other days."""
        return replace(self, first=first, last=last)

    @property
    def needs_room(self) -> bool:
        return self.visit_type.room and self.mode is Mode.IN_PERSON


def horizon(visit_type: VisitType, now: datetime) -> Stretch:
    """The earliest and the latest start that may be booked now."""
    return now + timedelta(minutes=visit_type.notice), now + timedelta(days=visit_type.horizon_days)


class Slot(NamedTuple):
    """A free start: where (None by video), and who could give it."""

    start: datetime
    location: str | None
    practitioners: tuple[str, ...]


class FreeDay(NamedTuple):
    """The free starts of one day (UTC); equal to another where the same is free."""

    midnight: int
    """As a cell: the lowest bit of each mask."""
    chairs: tuple[tuple[str | None, str], ...]
    """Place and practitioner's code."""
    masks: tuple[int, ...]

    def slots(self) -> list[Slot]:
        """Each free start at each place, earliest first, with who could give it."""
        places = dict.fromkeys(place for place, _ in self.chairs)
        found = [slot for place in places for slot in self._slots_at(place)]
        found.sort(key=lambda slot: slot.start)
        return found

    def _slots_at(self, place: str | None) -> Iterator[Slot]:
        chairs = zip(self.chairs, self.masks, strict=True)
        for codes, mask in _by_company([(code, mask) for (there, code), mask in chairs if there == place]):
            for bit in bits.ones(mask):
                yield Slot(bits.instant(self.midnight + bit), place, codes)


@dataclass(frozen=True, slots=True)
class FreeTimes:
    """Starts by chair, as masks over one window."""

    window: Window
    masks: Sequence[tuple[Chair, int]]

    def __bool__(self) -> bool:
        return any(mask for _, mask in self.masks)

    def first(self) -> datetime | None:
        lowest = [mask & -mask for _, mask in self.masks if mask]
        return self.window.instant(min(lowest).bit_length() - 1) if lowest else None

    def days(self) -> Iterator[FreeDay]:
        """The days (UTC) on which something is free, earliest first."""
        chairs = tuple((chair.place, chair.practitioner.code) for chair, _ in self.masks)
        by_day = zip(*(bits.by_day(mask, self.window.size) for _, mask in self.masks), strict=True)
        for number, masks in enumerate(by_day):
            if any(masks):
                yield FreeDay(self.window.base + number * bits.DAY_CELLS, chairs, masks)

    def slots(self) -> list[Slot]:
        """Each free start at each place, earliest first, with who could give it."""
        return [slot for day in self.days() for slot in day.slots()]

    def chairs_at(self, start: datetime) -> list[Chair]:
        """Who is free at exactly that start."""
        bit = self.window.floor(start)
        exact = 0 <= bit < self.window.size and self.window.instant(bit) == start
        return [chair for chair, mask in self.masks if exact and mask >> bit & 1]


def _by_company(masks: Sequence[tuple[str, int]]) -> list[tuple[tuple[str, ...], int]]:
    """Starts parted by who exactly is free then: few companies, so nobody is asked start by start."""
    companies: list[tuple[tuple[str, ...], int]] = []
    for code, mask in masks:
        parted = []
        for codes, together in companies:
            parted += [((*codes, code), together & mask), (codes, together & ~mask)]
            mask &= ~together
        companies = [each for each in (*parted, ((code,), mask)) if each[1]]
    return companies


def candidates(schedule: Schedule, search: Search) -> list[Chair]:
    """Who could give it on one of the days at least, and where."""
    chairs = schedule.chairs(search.visit_type, search.mode, search.practitioner, search.location)
    return [chair for chair in chairs if search.state is None or _is_licensed(chair, search)]


def _is_licensed(chair: Chair, search: Search) -> bool:
    """A practitioner's zone may be a day off from that in which the days were asked for."""
    assert search.state
    licences = chair.practitioner.licensed(search.state)
    return any(first <= search.last + DAY and search.first - DAY <= last for first, last in licences)


def _licensed_starts(window: Window, search: Search, chair: Chair) -> int:
    """Starts on local dates on which the practitioner may see somebody there."""
    if search.state is None:
        return window.everything
    mask = 0
    for first, last in chair.practitioner.licensed(search.state):
        first, last = max(first, search.first - DAY), min(last, search.last + DAY)
        if first <= last:
            mask |= window.span(*day_span(first, last, chair.zone))
    return mask


def offered_times(schedule: Schedule, search: Search, extra: Sequence[Opening] = ()) -> FreeTimes:
    """What may be booked as far as the clinic's rules go, whatever is taken."""
    window = Window(search.first, search.last)
    bounds = _bounds(window, search)
    visit_type, mode = search.visit_type, search.mode
    masks = []
    for chair in candidates(schedule, search):
        who = chair.practitioner.code
        offer = schedule.offered(
            visit_type.code, visit_type.minutes, mode, who, chair.place, search.first, search.last
        )
        offer |= _extra_starts(window, search, chair, extra)
        masks.append((chair, offer & bounds & _licensed_starts(window, search, chair)))
    return FreeTimes(window, masks)


def _extra_starts(window: Window, search: Search, chair: Chair, extra: Sequence[Opening]) -> int:
    """Starts within hours beyond the weekly ones."""
    kind, mask = search.visit_type, 0
    for opening in extra:
        here = chair.place is None or opening.location == chair.place
        if opening.practitioner == chair.practitioner.code and search.mode in opening.modes and here:
            low, high = window.floor(opening.start), window.ceil(opening.end)
            aligned = bits.every(kind.step // GRID_MINUTES, low, high)
            mask |= bits.runs(bits.span(low, high), kind.minutes // GRID_MINUTES) & aligned
    return mask & window.everything


def free_times(schedule: Schedule, search: Search, taken: Taken) -> FreeTimes:
    """What may be booked now: the visit lies in opening hours, its buffers only avoid what is taken."""
    offer = offered_times(schedule, search, taken.extra)
    window = offer.window
    free: dict[str, int] = {}

    def open_starts(key: str) -> int:
        if key not in free:
            free[key] = _room_to_start(window, search.visit_type, taken.stretches.get(key, ()))
        return free[key]

    masks = []
    for chair, mask in offer.masks:
        mask &= open_starts(chair.practitioner.code) & ~_full_days(window, search, chair, taken)
        if search.needs_room and chair.location:
            rooms = 0
            for room in chair.location.rooms:
                rooms |= open_starts(room_key(chair.location, room.code))
            mask &= rooms
        masks.append((chair, mask))
    return FreeTimes(window, masks)


def _bounds(window: Window, search: Search) -> int:
    start, end = day_span(search.first, search.last, search.zone)
    last_start = min(window.floor(search.latest) + 1, window.floor(end))
    return bits.span(max(window.floor(start), window.ceil(search.earliest)), last_start)


def _room_to_start(window: Window, visit_type: VisitType, stretches: Sequence[Stretch]) -> int:
    """Starts whose whole claim, buffers included, meets nothing that is taken."""
    before = visit_type.buffer_before // GRID_MINUTES
    length = (visit_type.buffer_before + visit_type.minutes + visit_type.buffer_after) // GRID_MINUTES
    if not stretches:
        return window.everything
    return bits.runs(window.everything & ~window.taken(stretches), length) << before


def _full_days(window: Window, search: Search, chair: Chair, taken: Taken) -> int:
    """The local days on which the practitioner has as many visits of this type as the clinic allows."""
    limit = search.visit_type.daily_limit
    mask = 0
    if limit is not None:
        for (practitioner, day), count in taken.counts.items():
            if practitioner == chair.practitioner.code and count >= limit:
                mask |= window.span(*day_span(day, day, chair.zone))
    return mask
