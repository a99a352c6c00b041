"""Into a room of a vendor who is asked for each host's address, and may have lost the room."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from scheduler.domain.actors import Actor, ActorKind
from scheduler.domain.errors import RoomNotReady
from scheduler.domain.video import RoomState
from scheduler.services.joining.entering import host
from tests.services.rooms.conftest import START, House
from tests.video.zoom_stub import Fault

STAFF = Actor(ActorKind.STAFF, "front-desk")


@pytest.fixture
def visit(house: House) -> UUID:
    """It begins now, and has a room."""
    visit = house.booked()
    house.keep()
    house.desk.db.offset = START - datetime.now(UTC)
    return visit


def test_the_hosts_address_is_asked_for_each_time_and_kept_nowhere(house: House, visit: UUID) -> None:
    one, other = (host(house.desk, visit, STAFF).url for _ in range(2))
    assert "zak=" in one and one.startswith("https://")
    assert [request.split()[0] for request in house.zoom.requests[-2:]] == ["GET", "GET"]
    (row,) = house.rows()
    kept = house.desk.secrets.vault.open("video_rooms.room", row.id, row.room or b"")
    assert "zak" not in kept
    assert other


def test_a_room_that_the_vendor_lost_is_made_again(house: House, visit: UUID) -> None:
    house.zoom.meetings.clear()
    with pytest.raises(RoomNotReady):
        host(house.desk, visit, STAFF)
    assert house.states() == [RoomState.WANTED]
    house.desk.db.offset -= timedelta(seconds=1)
    house.keep(START)
    assert house.states() == [RoomState.READY]
    assert host(house.desk, visit, STAFF).url


@pytest.mark.parametrize("status", [429, 500])
def test_a_vendor_that_fails_keeps_the_room(house: House, visit: UUID, status: int) -> None:
    house.zoom.fault = Fault(status)
    with pytest.raises(RoomNotReady):
        host(house.desk, visit, STAFF)
    assert house.states() == [RoomState.READY]
    assert host(house.desk, visit, STAFF).url
