"""Jitsi Meet on the clinic's own server. A room is a name; who may enter it says a signed token."""

from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlsplit

import jwt
import requests

from scheduler.video.vendor import Meeting, Role, Room, VideoTrouble

ALGORITHM = "HS256"
TIMEOUT = (3.0, 5.0)
"""Seconds to connect, and for each answer."""
AFFILIATION = {Role.HOST: "owner", Role.GUEST: "member"}


class Jitsi:
    name = "jitsi"

    def __init__(self, url: str, app_id: str, secret: str, audience: str) -> None:
        """`url` is the server's, without a path; the others are what its Prosody is configured with."""
        self._url = url.rstrip("/")
        self._host = (urlsplit(url).hostname or "").lower()
        self._app_id = app_id
        self._secret = secret
        self._audience = audience

    def ensure_room(self, meeting: Meeting) -> Room:
        """A name is all there is to it; in lower case, as Prosody compares names."""
        return Room(meeting.reference.lower())

    def update_room(self, room: Room, meeting: Meeting) -> None:
        """Times stand in the tokens alone."""

    def delete_room(self, room: Room) -> None:
        """A room is there while somebody is in it; no token is signed for this name any more."""

    def join_url(self, room: Room, role: Role, alias: str, nbf: datetime, exp: datetime) -> str:
        user = {
            "name": alias,
            # Texts: Prosody copies the user into the presence stanza, which has no other kind of value.
            "moderator": "true" if role is Role.HOST else "false",
            "affiliation": AFFILIATION[role],
        }
        claims = {
            "aud": self._audience,
            "iss": self._app_id,
            "sub": self._host,
            "room": room.id,
            "nbf": int(nbf.timestamp()),
            "exp": int(exp.timestamp()),
            "context": {"user": user},
        }
        token = jwt.encode(claims, self._secret, ALGORITHM)
        return f"{self._url}/{room.id}?jwt={token}"

    def check(self) -> None:
        """That the web server answers; whether it shares our secret shows with the first token only."""
        try:
            answer = requests.get(f"{self._url}/config.js", timeout=TIMEOUT, allow_redirects=False)
        except requests.RequestException as error:
            raise VideoTrouble(type(error).__name__) from None
        if answer.status_code != HTTPStatus.OK:
            raise VideoTrouble(str(answer.status_code))
