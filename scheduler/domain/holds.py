"""Holding time while somebody fills in the form: for how long, and how much of a day."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from scheduler.domain.actors import PUBLIC, Actor
from scheduler.domain.bits import Window
from scheduler.domain.errors import Fault
from scheduler.domain.schedule import Chair, Schedule
from scheduler.domain.slots import Taken
from scheduler.domain.times import Stretch, day_span
from scheduler.domain.triage import Result
from scheduler.domain.wishes import Wish

LASTS = timedelta(minutes=10)
"""From its beginning, whatever is done with it meanwhile."""


@dataclass(frozen=True, slots=True)
class HoldRequest:
    """Time that is to be held; `start` is an instant."""

    wish: Wish
    start: datetime
    client: bytes | None = None
    """Keyed hash of the caller's address; None for staff, whose holds nobody counts."""
    actor: Actor = PUBLIC
    triage: Result | None = None
    """What the safety questions came to."""


@dataclass(frozen=True, slots=True)
class Ceilings:
    """How much callers whom nobody knows may hold: so many at once, and a share of a practitioner's day."""

    at_once: int
    share: float


@dataclass(frozen=True, slots=True)
class Held:
    """What a hold was asked for with, and what it got."""

    wish: Wish
    start: datetime
    practitioner: str
    location: str | None

    def differences(self, wish: Wish, start: datetime) -> Iterator[Fault]:
        """Where a booking asks for something else; it may name whom and where the hold got."""
        same = {
            "/visit_type": wish.visit_type == self.wish.visit_type,
            "/mode": wish.mode == self.wish.mode,
            "/start": start == self.start,
            "/practitioner": wish.practitioner in (self.wish.practitioner, self.practitioner),
            "/location": wish.location in (self.wish.location, self.location),
        }
        yield from (Fault(pointer, "not-as-held") for pointer, agrees in same.items() if not agrees)


def leaves_enough(
    schedule: Schedule,
    chair: Chair,
    day: date,
    taken: Taken,
    held: Sequence[Stretch],
    wish: Stretch,
    share: float,
) -> bool:
    """Whether one hold more leaves enough of a practitioner's local day to everybody else.

    Of the open time that no visit and no time off takes, at most that share is on hold; but one hold is
    always possible, or the last free time of a day could never be held. `taken` is everything, `held` only
    what unverified callers hold, `wish` what is to be held besides; all with buffers.
    """
    if not held:
        return True
    window = Window(day, day)
    opened = schedule.open_on(chair.practitioner, day)
    for opening in taken.extra:
        if opening.practitioner == chair.practitioner.code:
            opened |= window.span(opening.start, opening.end)
    opened &= window.span(*day_span(day, day, chair.zone))
    free = opened & ~window.taken(taken.stretches.get(chair.practitioner.code, ()))
    on_hold = opened & window.taken(held)
    more = opened & window.span(*wish)
    return (on_hold | more).bit_count() <= share * (free | on_hold).bit_count()
