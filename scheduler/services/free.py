"""Free times as of now."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from scheduler.domain.overrides import Override, set_aside
from scheduler.domain.slots import FreeTimes, Search, Slot, free_times
from scheduler.domain.times import DAY, local_date
from scheduler.domain.wishes import Wish, search
from scheduler.services.clinic.current import Moment
from scheduler.services.desk import Desk
from scheduler.services.taken import read_taken

ALTERNATIVES = 5
"""How many other times a refused booking names."""
LOOK_AHEAD = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Found:
    """Free times, each so many minutes long, and the zone whose dates were asked for."""

    zone: ZoneInfo
    minutes: int
    slots: list[Slot]
    next_available: datetime | None


def find_slots(
    desk: Desk,
    wish: Wish,
    first: date,
    last: date,
    own: UUID | None = None,
    override: Override | None = None,
) -> Found:
    """The free times of some days (local dates), and the next one from there to the type's horizon.

    `own` is a visit that is to be moved: its time counts as free. `override` sets rules aside, as staff may.

    Raises Invalid for codes that the clinic does not have.
    """
    with desk.db.reading() as connection:
        moment = desk.clinics.moment(connection)
        usual = search(moment.clinic, wish, first, last, moment.now)
        asked = set_aside(usual, override, moment.now)
        free = search_free(connection, moment, asked, own)
        next_available = free.first() or _first_after(connection, moment, usual, own)
        return Found(asked.zone, asked.visit_type.minutes, free.slots(), next_available)


def _first_after(connection: Connection, moment: Moment, asked: Search, own: UUID | None) -> datetime | None:
    """The first free start behind the days that were asked for."""
    last = local_date(asked.latest, asked.zone)
    if asked.last >= last:
        return None
    # Whoever asks about 1950 does not make us look through all the days since.
    first = max(asked.last + DAY, local_date(asked.earliest, asked.zone))
    return search_free(connection, moment, asked.between(first, last), own).first()


def search_free(
    connection: Connection | Session, moment: Moment, asked: Search, own: UUID | None = None
) -> FreeTimes:
    """The free times of a search."""
    return free_times(moment.in_force.schedule, asked, read_taken(connection, moment, asked, own))


def alternatives(
    connection: Connection | Session, moment: Moment, asked: Search, own: UUID | None = None
) -> list[Slot]:
    """The next free times for a wish that came too late."""
    wider = asked.between(asked.first, asked.last + LOOK_AHEAD)
    return search_free(connection, moment, wider, own).slots()[:ALTERNATIVES]
