"""The room that a visit has now, and an address into it: made for the moment, kept nowhere."""

import logging
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update

from scheduler.db.models import VideoRoom, Visit
from scheduler.domain.errors import GateClosed, RoomNotReady
from scheduler.domain.video import OPEN, Door, RoomState, closes_at, opens_at
from scheduler.services.changes.scene import Scene
from scheduler.services.ground.desk import Desk
from scheduler.services.joining.looking import door_of
from scheduler.services.rooms.keeping import room_of
from scheduler.services.rooms.wanting import is_of
from scheduler.video.vendor import Role, Room, RoomGone, Vendor, VideoTrouble

log = logging.getLogger(__name__)

GUEST = "Patient"
"""All that the vendor and the others in the room get to read of somebody before they speak."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """Somebody may go into this room."""

    row: UUID
    vendor: Vendor
    room: Room
    opens: datetime
    closes: datetime


def ticket(scene: Scene) -> Ticket:
    """For the visit as it is, which the scene has locked: a room of an earlier time or practitioner is none.

    Raises GateClosed, RoomNotReady.
    """
    visit, vendor = scene.visit, scene.desk.video
    if door_of(visit, scene.moment.now) is not Door.OPEN:
        raise GateClosed
    ours = select(VideoRoom).join(Visit, is_of(Visit)).where(Visit.id == visit.id, VideoRoom.state.in_(OPEN))
    row = scene.session.scalars(ours).one_or_none()
    room = room_of(scene.desk.secrets.vault, row) if row else None
    if row is None or room is None or vendor is None or row.vendor != vendor.name:
        raise RoomNotReady
    return Ticket(row.id, vendor, room, opens_at(visit.starts_at), closes_at(visit.ends_at))


def address(desk: Desk, ticket: Ticket, role: Role, alias: str) -> str:
    """Call it outside of any transaction: some vendors are asked. Raises RoomNotReady."""
    try:
        return ticket.vendor.join_url(ticket.room, role, alias, ticket.opens, ticket.closes)
    except RoomGone:
        _make_again(desk, ticket)
        raise RoomNotReady from None
    except VideoTrouble as trouble:
        log.warning("the video vendor fails: %s", trouble)
        raise RoomNotReady from None


def _make_again(desk: Desk, ticket: Ticket) -> None:
    """The vendor has lost it: the workers have another one made."""
    lost = VideoRoom.id == ticket.row, VideoRoom.state.in_(OPEN)
    with desk.db.transaction() as session:
        session.execute(update(VideoRoom).where(*lost).values(state=RoomState.WANTED, room=None))
