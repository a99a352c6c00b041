"""When a video room is there, and when people may go in."""

from datetime import datetime, timedelta
from enum import StrEnum

from scheduler.domain.clinic import Mode
from scheduler.domain.visits import VisitStatus


class RoomState(StrEnum):
    WANTED = "wanted"
    """The vendor still has to make it."""
    READY = "ready"
    CHANGING = "changing"
    """It can be used; the vendor still has to hear of other times."""
    UNWANTED = "unwanted"
    """Nobody is sent there any more; the vendor still has to take it away."""
    GONE = "gone"


LIVE = frozenset({RoomState.WANTED, RoomState.READY, RoomState.CHANGING})
"""A visit has at most one room in these states."""
OPEN = frozenset({RoomState.READY, RoomState.CHANGING})
"""Rooms that people can be sent to."""
TO_DO = frozenset({RoomState.WANTED, RoomState.CHANGING, RoomState.UNWANTED})
"""Rooms about which the vendor has to be asked something."""

TAKES_PLACE = frozenset({VisitStatus.BOOKED, VisitStatus.ARRIVED, VisitStatus.CHECKED_IN})
"""Statuses of a visit that wants a room, and whose gate opens."""

AHEAD = timedelta(days=2)
"""How long before a visit its room is made: time enough for a vendor who is away, and most moves are over."""
LATE = timedelta(minutes=30)
"""A visit that begins so soon and has no room is a task of staff."""

OPENS_BEFORE = timedelta(minutes=15)
"""Before the start of the visit."""
CLOSES_AFTER = timedelta(minutes=30)
"""After its end."""

LONGEST_WAIT = timedelta(minutes=5)
_FIRST_WAIT = timedelta(seconds=15)


def wait_after(attempts: int, wished: float | None = None) -> timedelta:
    """How long to leave a vendor alone that failed so often, or said for how many seconds itself."""
    doublings: int = 2 ** min(attempts - 1, 10)
    ours = min(_FIRST_WAIT * doublings, LONGEST_WAIT)
    return max(ours, min(timedelta(seconds=wished), LONGEST_WAIT)) if wished else ours


def opens_at(start: datetime) -> datetime:
    return start - OPENS_BEFORE


def closes_at(end: datetime) -> datetime:
    return end + CLOSES_AFTER


class Door(StrEnum):
    """How the gate of a visit by video stands."""

    PENDING = "pending"
    """Staff have not approved the visit yet."""
    EARLY = "early"
    OPEN = "open"
    OVER = "over"
    CANCELLED = "cancelled"
    IN_PERSON = "in-person"
    """The visit is not by video, or not any more."""


def door(status: VisitStatus, mode: Mode, start: datetime, end: datetime, now: datetime) -> Door:
    """Open from a while before the start until a while after the end, to a visit that takes place."""
    if status in (VisitStatus.CANCELLED, VisitStatus.ENTERED_IN_ERROR):
        return Door.CANCELLED
    if status in (VisitStatus.FULFILLED, VisitStatus.NOSHOW) or now >= closes_at(end):
        return Door.OVER
    if mode is not Mode.TELEMEDICINE:
        return Door.IN_PERSON
    if status is VisitStatus.PENDING:
        return Door.PENDING
    return Door.EARLY if now < opens_at(start) else Door.OPEN
