"""No vendor at all: a page of our own that says where the video would open. Never in production."""

from datetime import datetime
from urllib.parse import urlencode

from scheduler.video.vendor import Meeting, Role, Room


class Rehearsal:
    name = "rehearsal"

    def __init__(self, public_url: str) -> None:
        self._url = f"{public_url.rstrip('/')}/rehearsal-room"

    def ensure_room(self, meeting: Meeting) -> Room:
        return Room(meeting.reference)

    def update_room(self, room: Room, meeting: Meeting) -> None:
        """There is none."""

    def delete_room(self, room: Room) -> None:
        """There is none."""

    def join_url(self, room: Room, role: Role, alias: str, nbf: datetime, exp: datetime) -> str:
        return f"{self._url}/{room.id}?{urlencode({'as': role})}"

    def check(self) -> None:
        """Always there."""
