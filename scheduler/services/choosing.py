"""Who gives a visit: the least loaded of those who are free, and the next one where somebody was quicker."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from scheduler.db.engine import EXCLUSION, sqlstate
from scheduler.domain.errors import RateLimited, SlotNotOffered, SlotTaken
from scheduler.domain.schedule import Chair
from scheduler.domain.slots import Search, free_times, offered_times
from scheduler.services.clinic.current import Moment
from scheduler.services.desk import Desk
from scheduler.services.free import alternatives
from scheduler.services.taken import read_taken

T = TypeVar("T")


class TooMuchHeld(Exception):
    """As much of somebody's day is on hold as may be; others may have more left."""

    def __init__(self, retry_after: int) -> None:
        super().__init__()
        self.retry_after = retry_after


def give_to_first_free(
    desk: Desk,
    start: datetime,
    search_at: Callable[[Moment], Search],
    give: Callable[[Chair, Session], T],
) -> T:
    """`give` it to one of those who could, each tried in a transaction of its own.

    Raises what `search_at` raises, SlotNotOffered, SlotTaken (with the next free times), RateLimited where
    nothing but holds of others stands in the way.
    """
    with desk.db.reading() as connection:
        moment = desk.clinics.moment(connection)
        search = search_at(moment)
        chairs = _candidates(connection, moment, start, search)
    held: list[int] = []
    for chair in chairs:
        try:
            return attempt(desk, partial(give, chair))
        except SlotTaken:
            continue
        except TooMuchHeld as error:
            held.append(error.retry_after)
    if held:
        raise RateLimited(min(held))
    raise taken_by_another(desk, search_at)


def attempt(desk: Desk, give: Callable[[Session], T]) -> T:
    """One try in a transaction of its own. Raises SlotTaken where the database refuses an overlap."""
    try:
        return desk.db.attempt(give)
    except IntegrityError as error:
        if sqlstate(error) != EXCLUSION:
            raise
        raise SlotTaken from error


def taken_by_another(desk: Desk, search_at: Callable[[Moment], Search]) -> SlotTaken:
    """The refusal of somebody who came too late, with the next free times."""
    with desk.db.reading() as connection:
        moment = desk.clinics.moment(connection)
        search = search_at(moment)
        others = alternatives(connection, moment, search)
    return SlotTaken(others, search.visit_type.minutes, search.zone)


def _candidates(connection: Connection, moment: Moment, start: datetime, search: Search) -> list[Chair]:
    """Whom to try, in order. Where only one could give it, the look under the lock is enough."""
    schedule = moment.in_force.schedule
    possible = schedule.chairs(search.visit_type, search.mode, search.practitioner, search.location)
    return possible if len(possible) == 1 else _by_load(connection, moment, start, search)


def _by_load(connection: Connection, moment: Moment, start: datetime, search: Search) -> list[Chair]:
    """Who is free then; those with the fewest visits on that day first.

    Raises SlotNotOffered for a time that the clinic never gives.
    """
    taken, schedule = read_taken(connection, moment, search), moment.in_force.schedule
    if not offered_times(schedule, search, taken.extra).chairs_at(start):
        raise SlotNotOffered
    chairs = free_times(schedule, search, taken).chairs_at(start)
    return sorted(chairs, key=lambda chair: taken.loads.get((chair.practitioner.code, search.first), 0))
