"""Free times as of now."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from scheduler.domain.clinic import Mode
from scheduler.domain.needs import met
from scheduler.domain.overrides import Override, set_aside
from scheduler.domain.slots import FreeTimes, Search, Slot, candidates, free_times
from scheduler.domain.times import DAY, local_date
from scheduler.domain.wishes import Wish, search
from scheduler.services.clinic.current import Moment
from scheduler.services.ground.desk import Desk
from scheduler.services.slots.taken import read_taken

NOT_LICENSED = "not-licensed"
ALTERNATIVES = 5
"""How many other times a refused booking names."""
LOOK_AHEAD = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Found:
    """Free times, each so many minutes long, and the zone whose dates were asked for."""

    zone: ZoneInfo
    minutes: int
    free: FreeTimes
    next_available: datetime | None
    reason: str | None = None
    """`not-licensed` where nobody may see the patient by video in the state where they will be."""
    next_in_person: datetime | None = None
    """What is left to them then."""

    @property
    def slots(self) -> list[Slot]:
        return self.free.slots()


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
    with desk.db.single() as connection:
        moment = desk.clinics.moment(connection)
        usual = search(moment.clinic, wish, first, last, moment.now)
        asked = set_aside(usual, override, moment.now)
        free = search_free(connection, moment, asked, own)
        next_available = free.first() or _first_from(connection, moment, usual, asked.last + DAY, own)
        found = Found(asked.zone, asked.visit_type.minutes, free, next_available)
        if candidates(moment.in_force.schedule, asked) or asked.state is None:
            return found
        other = _first_in_person(connection, moment, wish, asked, own)
        return replace(found, reason=NOT_LICENSED, next_in_person=other)


def _first_in_person(
    connection: Connection, moment: Moment, wish: Wish, asked: Search, own: UUID | None
) -> datetime | None:
    """With anybody, anywhere; None where the type is given by video only."""
    if Mode.IN_PERSON not in asked.visit_type.modes:
        return None
    needs = tuple(need.code for need in met(moment.clinic, wish.needs, Mode.IN_PERSON))
    instead = Wish(wish.visit_type, Mode.IN_PERSON, needs=needs)
    wider = search(moment.clinic, instead, asked.first, asked.last, moment.now)
    return _first_from(connection, moment, wider, asked.first, own)


def _first_from(
    connection: Connection, moment: Moment, asked: Search, first: date, own: UUID | None
) -> datetime | None:
    """The first free start on that day or later."""
    last = local_date(asked.latest, asked.zone)
    if first > last:
        return None
    # Whoever asks about 1950 does not make us look through all the days since.
    first = max(first, local_date(asked.earliest, asked.zone))
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
