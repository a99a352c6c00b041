"""Who gives a visit: the least loaded of those who are free, and the next one where somebody was quicker."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from scheduler.db.engine import EXCLUSION, sqlstate
from scheduler.domain.errors import RateLimited, SlotNotOffered, SlotTaken
from scheduler.domain.schedule import Chair
from scheduler.domain.slots import Search, candidates, free_times, offered_times
from scheduler.services.clinic.current import Moment
from scheduler.services.ground.desk import Desk
from scheduler.services.slots.free import alternatives
from scheduler.services.slots.taken import read_taken

T = TypeVar("T")


class TooMuchHeld(Exception):
    """As much of somebody's day is on hold as may be; others may have more left."""

    def __init__(self, retry_after: int) -> None:
        super().__init__()
        self.retry_after = retry_after


@dataclass(slots=True)
class _Row(Generic[T]):
    """Those who could give it, the one whose turn it is first."""

    desk: Desk
    start: datetime
    search_at: Callable[[Moment], Search]
    give: Callable[[Chair, Moment, Session], T]
    chairs: deque[Chair] = field(default_factory=deque)

    def turns(self) -> Iterator[Callable[[Session], T]]:
        yield self._first
        while len(self.chairs) > 1:
            self.chairs.popleft()
            yield self._next

    def _first(self, session: Session) -> T:
        """Who they are is read in the first one's transaction: a booking asks the clock once."""
        moment = self.desk.clinics.moment(session)
        self.chairs = deque(_candidates(session, moment, self.start, self.search_at(moment)))
        if not self.chairs:
            raise SlotTaken
        return self.give(self.chairs[0], moment, session)

    def _next(self, session: Session) -> T:
        return self.give(self.chairs[0], self.desk.clinics.moment(session), session)


def give_to_first_free(
    desk: Desk,
    start: datetime,
    search_at: Callable[[Moment], Search],
    give: Callable[[Chair, Moment, Session], T],
) -> T:
    """`give` it to one of those who could, each tried in a transaction of its own.

    Raises what `search_at` raises, SlotNotOffered, SlotTaken (with the next free times), RateLimited where
    nothing but holds of others stands in the way.
    """
    held: list[int] = []
    for turn in _Row(desk, start, search_at, give).turns():
        try:
            return attempt(desk, turn)
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
    with desk.db.single() as connection:
        moment = desk.clinics.moment(connection)
        search = search_at(moment)
        others = alternatives(connection, moment, search)
    return SlotTaken(others, search.visit_type.minutes, search.zone)


def _candidates(session: Session, moment: Moment, start: datetime, search: Search) -> list[Chair]:
    """Whom to try, in order. Where only one could give it, the look under the lock is enough."""
    schedule = moment.in_force.schedule
    possible = candidates(schedule, search)
    return possible if len(possible) == 1 else _by_load(session, moment, start, search)


def _by_load(session: Session, moment: Moment, start: datetime, search: Search) -> list[Chair]:
    """Who is free then; those with the fewest visits on that day first.

    Raises SlotNotOffered for a time that the clinic never gives.
    """
    taken, schedule = read_taken(session, moment, search), moment.in_force.schedule
    if not offered_times(schedule, search, taken.extra).chairs_at(start):
        raise SlotNotOffered
    chairs = free_times(schedule, search, taken).chairs_at(start)
    return sorted(chairs, key=lambda chair: taken.loads.get((chair.practitioner.code, search.first), 0))
