"""Asking the vendor for what is to be done about one room: an errand, outside of any transaction."""

import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import orjson
from sqlalchemy import update

from scheduler.db.models import VideoRoom
from scheduler.db.secrets import Vault
from scheduler.domain.video import TO_DO, RoomState, wait_after
from scheduler.services.ground.desk import Desk
from scheduler.video.vendor import Meeting, Room, RoomGone, Vendor, VideoTrouble

log = logging.getLogger(__name__)

REFERENCE_LETTERS = 32
AT_ONCE = timedelta()


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be done about a room, as its row said when we looked."""

    id: UUID
    state: RoomState
    attempts: int
    meeting: Meeting
    room: Room | None


def keep_room(desk: Desk, id: UUID) -> timedelta | None:
    """Have the vendor make, change or take away one room; after which time to try again, or None.

    Safe to call at any time, by several at once.
    """
    vendor = desk.video
    wish = _wish(desk, vendor, id) if vendor else None
    if vendor is None or wish is None:
        return None
    try:
        state, room = _asked(vendor, wish)
    except VideoTrouble as trouble:
        log.warning("the video vendor fails: %s", trouble)
        attempts = wish.attempts + 1
        _write_down(desk, wish, state=wish.state, attempts=attempts, last_error=str(trouble))
        return wait_after(attempts, trouble.retry_after)
    sealed = seal(desk.secrets.vault, id, room) if room else None
    if _write_down(desk, wish, state=state, room=sealed, attempts=0, last_error=None):
        return AT_ONCE if state in TO_DO else None
    if room and wish.room is None:
        _take_back(vendor, room)
    return AT_ONCE


def _wish(desk: Desk, vendor: Vendor, id: UUID) -> Wish | None:
    """None where nothing is to be done, or nobody can do it."""
    with desk.db.transaction() as session:
        row = session.get(VideoRoom, id)
        if row is None or row.state not in TO_DO or row.vendor != vendor.name:
            return None
        who = desk.clinics.moment(session).clinic.practitioner(row.practitioner)
    account = who.video if who else None
    meeting = Meeting(_reference(desk, id), row.starts_at, row.ends_at, account)
    return Wish(id, RoomState(row.state), row.attempts, meeting, room_of(desk.secrets.vault, row))


def _reference(desk: Desk, room: UUID) -> str:
    """What the vendor calls the room by: the same on every attempt, guessed by nobody, linked to nothing."""
    return desk.secrets.lookup.hash("video-room", str(room)).hex()[:REFERENCE_LETTERS]


def _asked(vendor: Vendor, wish: Wish) -> tuple[RoomState, Room | None]:
    """What becomes of the room. Raises VideoTrouble."""
    room, meeting = wish.room, wish.meeting
    if wish.state is RoomState.UNWANTED:
        if room:
            vendor.delete_room(room)
        return RoomState.GONE, None
    if room is None:
        return RoomState.READY, vendor.ensure_room(meeting)
    try:
        vendor.update_room(room, meeting)
    except RoomGone:
        return RoomState.WANTED, None
    return RoomState.READY, room


def _take_back(vendor: Vendor, room: Room) -> None:
    """It was made for a visit that moved meanwhile, or twice: nobody will ever be sent there."""
    with suppress(VideoTrouble):
        vendor.delete_room(room)


def _write_down(desk: Desk, wish: Wish, **become: object) -> bool:
    """Whether the row still said the same: its visit may have moved, or somebody else been quicker."""
    same = VideoRoom.id == wish.id, VideoRoom.state == wish.state
    with desk.db.transaction() as session:
        written = session.execute(update(VideoRoom).where(*same).values(**become))
        return bool(written.rowcount)  # type: ignore[attr-defined]


def seal(vault: Vault, row: UUID, room: Room) -> bytes:
    return vault.seal("video_rooms.room", row, orjson.dumps({"id": room.id, "url": room.url}).decode())


def room_of(vault: Vault, row: VideoRoom) -> Room | None:
    return Room(**orjson.loads(vault.open("video_rooms.room", row.id, row.room))) if row.room else None
