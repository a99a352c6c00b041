"""Calendars that others subscribe to: what they show of visits, and by which name each visit goes there."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Detail(StrEnum):
    """How much a feed says of a visit; never whose it is."""

    BUSY = "busy"
    """That somebody is busy, and for how long."""
    REFERENCE = "reference"
    """The visit's reference too, its place, and the way to its page of the front desk."""


@dataclass(frozen=True, slots=True)
class FeedWish:
    """What a feed is to show: visits of one practitioner, at one location, both, or the whole clinic's."""

    label: str
    """What the calendar is called where it is subscribed to."""
    detail: Detail = Detail.BUSY
    practitioner: str | None = None
    location: str | None = None


_ELSEWHERE = 0x666565642D69
"""Touches random bits of a UUID only: what comes out is one of version 4 again."""


def feed_uid(uid: UUID) -> UUID:
    """The UID of a visit's event in feeds, from that of its invite; and the way back.

    They differ, so that no calendar which has both takes one for the other; and a calendar that we read
    betrays by it which of its events are visits of ours.
    """
    return UUID(int=uid.int ^ _ELSEWHERE)
