"""Reading what is taken and what is open besides the weekly hours, in one query."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from scheduler.db.rows import query
from scheduler.domain.bits import Window
from scheduler.domain.clinic import Mode
from scheduler.domain.slots import Opening, Search, Taken, candidates, room_key
from scheduler.domain.times import Stretch
from scheduler.services.clinic.current import InForce, Moment

# The ranges are built around single ids so that the exclusion constraint's own index answers, whatever
# the history. A hold that has ended blocks nobody, from that instant on, though its rows are still there.
OCCUPANCY = query(
    """
    WITH wanted (id, span) AS (
        SELECT id, int8range(id, id, '[]') FROM unnest(CAST(:ids AS bigint[])) AS w (id)
    )
    SELECT CASE WHEN h.expires_at <= :now THEN 'ended' ELSE 'claim' END,
    w.id, lower(c.during), upper(c.during), c.visit_type = :visit_type, c.on_date,
    CAST(NULL AS text), CAST(NULL AS text[])
    FROM wanted w JOIN claims c
    ON int8range(c.resource_id, c.resource_id, '[]') && w.span AND c.during && tstzrange(:start, :end)
    LEFT JOIN holds h ON h.id = c.hold_id
    WHERE coalesce(c.visit_id, c.hold_id) IS DISTINCT FROM CAST(:own AS uuid)
    UNION ALL
    SELECT 'off', w.id, lower(o.during), upper(o.during), NULL, NULL, NULL, NULL
    FROM wanted w JOIN time_off o
    ON int8range(o.resource_id, o.resource_id, '[]') && w.span AND o.during && tstzrange(:start, :end)
    UNION ALL
    SELECT 'busy', w.id, lower(b.during), upper(b.during), NULL, NULL, NULL, NULL
    FROM wanted w JOIN busy_times b
    ON int8range(b.resource_id, b.resource_id, '[]') && w.span AND b.during && tstzrange(:start, :end)
    UNION ALL
    SELECT 'extra', w.id, lower(e.during), upper(e.during), NULL, NULL, e.location, e.modes
    FROM wanted w JOIN extra_hours e
    ON int8range(e.resource_id, e.resource_id, '[]') && w.span AND e.during && tstzrange(:start, :end)
    """,
    *("what", "resource", "begins", "ends", "same_type", "day", "location", "modes"),
)


def read_taken(
    connection: Connection | Session,
    moment: Moment,
    asked: Search,
    own: UUID | None = None,
    during: Range[datetime] | None = None,
) -> Taken:
    """Time of everybody and everything that the search could need.

    `own` is a visit or a hold whose own time does not stand in its way; with `during`, only what meets that
    counts.
    """
    in_force = moment.in_force
    names = {in_force.resources[key]: key for key in _resources(in_force, asked)}
    start, end = (during.lower, during.upper) if during else Window(asked.first, asked.last).bounds
    found = connection.execute(
        OCCUPANCY,
        {
            "ids": list(names),
            "start": start,
            "end": end,
            "visit_type": asked.visit_type.code,
            "now": moment.now,
            "own": own,
        },
    )
    return _sorted_out(found.all(), names)


def _sorted_out(rows: Iterable[Row[*tuple[Any, ...]]], names: dict[int, str]) -> Taken:
    stretches: dict[str, list[Stretch]] = {}
    counts: Counter[tuple[str, date]] = Counter()
    loads: Counter[tuple[str, date]] = Counter()
    extra: list[Opening] = []
    leftovers = False
    for what, resource, begins, ends, same_type, day, location, modes in rows:
        name = names[resource]
        if what == "extra":
            extra.append(Opening(name, location, frozenset(map(Mode, modes)), begins, ends))
            continue
        if what == "ended":
            leftovers = True
            continue
        stretches.setdefault(name, []).append((begins, ends))
        if what == "claim":
            loads[name, day] += 1
            counts[name, day] += same_type
    return Taken(stretches, counts, loads, extra, leftovers)


def _resources(in_force: InForce, asked: Search) -> Iterable[str]:
    chairs = candidates(in_force.schedule, asked)
    keys = {chair.practitioner.code for chair in chairs}
    if asked.needs_room:
        places = (chair.location for chair in chairs if chair.location)
        keys |= {room_key(place, room.code) for place in places for room in place.rooms}
    return keys
