"""Free times as of now: the clinic's offer, less the claims, read in one query."""

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from scheduler.domain.bits import Window
from scheduler.domain.slots import FreeTimes, Search, Taken, free_times, horizon, room_key
from scheduler.domain.times import local_date
from scheduler.services.clinic.current import InForce, Moment

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


def search_free(connection: Connection | Session, moment: Moment, search: Search) -> FreeTimes:
    """The free times of a search."""
    return free_times(moment.in_force.schedule, search, read_taken(connection, moment.in_force, search))


def next_free(
    connection: Connection | Session, moment: Moment, search: Search, after: date
) -> datetime | None:
    """The first free start from a date on, to the type's horizon."""
    _, latest = horizon(search.visit_type, moment.now)
    last = local_date(latest, search.zone)
    return search_free(connection, moment, search.between(after, last)).first() if after <= last else None


def read_taken(connection: Connection | Session, in_force: InForce, search: Search) -> Taken:
    """Claims of everybody and everything that the search could need."""
    names = {in_force.resources[key]: key for key in _resources(in_force, search)}
    start, end = Window(search.first, search.last).bounds
    rows = connection.execute(
        CLAIMS,
        {"ids": list(names), "start": start, "end": end, "visit_type": search.visit_type.code},
    )
    stretches: dict[str, list[tuple[datetime, datetime]]] = {}
    counts: dict[tuple[str, date], int] = {}
    for resource, begins, ends, same_type, day in rows:
        name = names[resource]
        stretches.setdefault(name, []).append((begins, ends))
        if same_type:
            counts[name, day] = counts.get((name, day), 0) + 1
    return Taken(stretches, counts)


def _resources(in_force: InForce, search: Search) -> Iterable[str]:
    chairs = in_force.schedule.chairs(search.visit_type, search.mode, search.practitioner, search.location)
    keys = {chair.practitioner.code for chair in chairs}
    if search.needs_room:
        places = (chair.location for chair in chairs if chair.location)
        keys |= {room_key(place, room.code) for place in places for room in place.rooms}
    return keys
