"""What every video vendor does for us. All it gets to know is a random reference, times and an alias."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Role(StrEnum):
    HOST = "host"
    GUEST = "guest"


@dataclass(frozen=True, slots=True)
class Meeting:
    """What a room is wanted for."""

    reference: str
    """Random letters and digits; the same one on every attempt for the same room."""
    start: datetime
    end: datetime
    account: str | None = None
    """The practitioner's own room or user at the vendor, where the vendor needs one."""


@dataclass(frozen=True, slots=True)
class Room:
    """A room as the vendor knows it; whoever has these can find it, so they are kept sealed."""

    id: str = field(repr=False)
    url: str = field(default="", repr=False)
    """Where a guest enters, for vendors that say so when the room is made."""


class VideoTrouble(Exception):
    """The vendor did not do what it was asked; the message is a code without anybody's data."""

    def __init__(self, code: str, retry_after: float | None = None) -> None:
        """`retry_after`: seconds for which the vendor wants to be left alone."""
        super().__init__(code)
        self.retry_after = retry_after


class RoomGone(VideoTrouble):
    """The vendor has no such room any more."""


class Vendor(Protocol):
    """Every method may ask the vendor over the network, and raises VideoTrouble where that fails.

    None is called inside a database transaction.
    """

    @property
    def name(self) -> str: ...

    def ensure_room(self, meeting: Meeting) -> Room:
        """A room for the meeting."""
        ...

    def update_room(self, room: Room, meeting: Meeting) -> None:
        """The same room for other times. Raises RoomGone."""
        ...

    def delete_room(self, room: Room) -> None:
        """Nobody gets in any more; a room that is gone already is no trouble."""
        ...

    def join_url(self, room: Room, role: Role, alias: str, nbf: datetime, exp: datetime) -> str:
        """Where somebody enters who is shown as `alias`, not before `nbf` and not from `exp` on.

        Made for the moment: it is sent to a browser and kept nowhere. Raises RoomGone.
        """
        ...

    def check(self) -> None:
        """Raises VideoTrouble where the vendor would not serve us now."""
        ...
