"""Free times as of now: the clinic's offer, less the claims, read in one query."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from scheduler.domain.bits import Window
from scheduler.domain.slots import FreeTimes, Search, Slot, Stretch, Taken, free_times, room_key
from scheduler.domain.times import DAY, local_date
from scheduler.domain.wishes import Wish, search
from scheduler.services.clinic.current import InForce, Moment
from scheduler.services.desk import Desk

# The ranges are built around single ids so that the exclusion constraint's own index answers,
# whatever the history.
CLAIMS = text(
    """
    SELECT r.id, lower(c.during), upper(c.during), c.visit_type = :visit_type, c.on_date
    FROM unnest(CAST(:ids AS bigint[])) AS r (id)
    JOIN claims c ON int8range(c.resource_id, c.resource_id, '[]') && int8range(r.id, r.id, '[]')
    AND c.during && tstzrange(:start, :end)
    """
)


@dataclass(frozen=True, slots=True)
class Found:
    """Free times, each so many minutes long, and the zone whose dates were asked for."""

    zone: ZoneInfo
    minutes: int
    slots: list[Slot]
    next_available: datetime | None


def find_slots(desk: Desk, wish: Wish, first: date, last: date) -> Found:
    """The free times of some days (local dates), and the next one from there to the type's horizon.

    Raises Invalid for codes that the clinic does not have.
    """
    with desk.db.reading() as connection:
        moment = desk.clinics.moment(connection)
        asked = search(moment.clinic, wish, first, last, moment.now)
        free = search_free(connection, moment, asked)
        next_available = free.first() or _first_after(connection, moment, asked)
        return Found(asked.zone, asked.visit_type.minutes, free.slots(), next_available)


def _first_after(connection: Connection, moment: Moment, asked: Search) -> datetime | None:
    """The first free start behind the days that were asked for."""
    last = local_date(asked.latest, asked.zone)
    if asked.last >= last:
        return None
    return search_free(connection, moment, asked.between(asked.last + DAY, last)).first()


def search_free(connection: Connection | Session, moment: Moment, asked: Search) -> FreeTimes:
    """The free times of a search."""
    return free_times(moment.in_force.schedule, asked, read_taken(connection, moment.in_force, asked))


def read_taken(connection: Connection | Session, in_force: InForce, asked: Search) -> Taken:
    """Claims of everybody and everything that the search could need."""
    names = {in_force.resources[key]: key for key in _resources(in_force, asked)}
    start, end = Window(asked.first, asked.last).bounds
    rows = connection.execute(
        CLAIMS,
        {"ids": list(names), "start": start, "end": end, "visit_type": asked.visit_type.code},
    )
    stretches: dict[str, list[Stretch]] = {}
    counts: Counter[tuple[str, date]] = Counter()
    loads: Counter[tuple[str, date]] = Counter()
    for resource, begins, ends, same_type, day in rows:
        name = names[resource]
        stretches.setdefault(name, []).append((begins, ends))
        loads[name, day] += 1
        counts[name, day] += same_type
    return Taken(stretches, counts, loads)


def _resources(in_force: InForce, asked: Search) -> Iterable[str]:
    chairs = in_force.schedule.chairs(asked.visit_type, asked.mode, asked.practitioner, asked.location)
    keys = {chair.practitioner.code for chair in chairs}
    if asked.needs_room:
        places = (chair.location for chair in chairs if chair.location)
        keys |= {room_key(place, room.code) for place in places for room in place.rooms}
    return keys
