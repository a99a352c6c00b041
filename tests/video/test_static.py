"""Vendors that need nothing over the network."""

from datetime import UTC, datetime, timedelta

import pytest

from scheduler.video.rehearsal import Rehearsal
from scheduler.video.static import StaticRooms
from scheduler.video.vendor import Meeting, Role, VideoTrouble

START = datetime(2026, 12, 3, 16, tzinfo=UTC)
END = START + timedelta(minutes=30)


def test_everybody_enters_the_practitioners_own_room() -> None:
    rooms = StaticRooms()
    room = rooms.ensure_room(Meeting("r", START, END, "https://doxy.me/example"))
    for role in Role:
        assert rooms.join_url(room, role, "Patient", START, END) == "https://doxy.me/example"


def test_a_practitioner_without_a_room_is_trouble() -> None:
    with pytest.raises(VideoTrouble, match="no-account"):
        StaticRooms().ensure_room(Meeting("r", START, END))


def test_a_rehearsal_says_where_the_video_would_open() -> None:
    rehearsal = Rehearsal("http://localhost:8000/")
    room = rehearsal.ensure_room(Meeting("r7q2", START, END))
    assert rehearsal.join_url(room, Role.HOST, "Dr. One", START, END) == (
        "http://localhost:8000/rehearsal-room/r7q2?as=host"
    )
