"""Zoom, by a server-to-server OAuth app of the clinic's account."""

from datetime import UTC, datetime
from http import HTTPStatus
from math import ceil
from typing import Any
from urllib.parse import quote

import requests

from scheduler.video.vendor import Meeting, Role, Room, RoomGone, VideoTrouble
from scheduler.video.zoom_tokens import TIMEOUT, AccessTokens, retry_after, said

SCHEDULED = 2
"""Zoom's type of a meeting that has a time."""
SETTINGS = {
    "waiting_room": True,
    "join_before_host": False,
    "meeting_authentication": False,
    "auto_recording": "none",
    "registrants_email_notification": False,
}


class Zoom:
    name = "zoom"

    def __init__(self, api_url: str, tokens: AccessTokens) -> None:
        self._api = api_url.rstrip("/")
        self._tokens = tokens

    def ensure_room(self, meeting: Meeting) -> Room:
        if meeting.account is None:
            raise VideoTrouble("no-account")
        path = f"/v2/users/{quote(meeting.account, safe='')}/meetings"
        answer = self._ask("POST", path, HTTPStatus.CREATED, _described(meeting))
        made = _object(answer)
        return Room(_text(made, "id"), _text(made, "join_url"))

    def update_room(self, room: Room, meeting: Meeting) -> None:
        self._ask("PATCH", _meeting(room), HTTPStatus.NO_CONTENT, _described(meeting))

    def delete_room(self, room: Room) -> None:
        try:
            self._ask("DELETE", _meeting(room), HTTPStatus.NO_CONTENT)
        except RoomGone:
            return

    def join_url(self, room: Room, role: Role, alias: str, nbf: datetime, exp: datetime) -> str:
        """Guests wait until the host lets them in; times are our gate's business.

        The host's is asked for each time: it holds a key to the account, is good for two hours and must not
        be kept.
        """
        if role is Role.GUEST:
            return room.url
        return _text(_object(self._ask("GET", _meeting(room), HTTPStatus.OK)), "start_url")

    def check(self) -> None:
        self._tokens.current()

    def _ask(
        self, method: str, path: str, expected: HTTPStatus, body: dict[str, Any] | None = None
    ) -> requests.Response:
        """A token that is refused is renewed once: somebody else may have asked for one meanwhile."""
        token = self._tokens.current()
        answer = self._send(method, path, body, token)
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            answer = self._send(method, path, body, self._tokens.renewed(token))
        if answer.status_code == HTTPStatus.NOT_FOUND and path.startswith("/v2/meetings/"):
            raise RoomGone("404")
        if answer.status_code != expected:
            raise VideoTrouble(said(answer), retry_after(answer))
        return answer

    def _send(self, method: str, path: str, body: dict[str, Any] | None, token: str) -> requests.Response:
        try:
            return requests.request(
                method,
                self._api + path,
                json=body,
                auth=Bearer(token),
                timeout=TIMEOUT,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise VideoTrouble(type(error).__name__) from None


class Bearer(requests.auth.AuthBase):
    """As `auth`, because a .netrc of the machine would win over a header."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _described(meeting: Meeting) -> dict[str, Any]:
    return {
        "topic": meeting.reference,
        "type": SCHEDULED,
        "start_time": meeting.start.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "duration": ceil((meeting.end - meeting.start).total_seconds() / 60),
        "settings": SETTINGS,
    }


def _meeting(room: Room) -> str:
    return f"/v2/meetings/{quote(room.id, safe='')}"


def _object(answer: requests.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except requests.JSONDecodeError:
        raise VideoTrouble("not-json") from None
    if not isinstance(found, dict):
        raise VideoTrouble("not-an-object")
    return found


def _text(values: dict[str, Any], name: str) -> str:
    if not values.get(name):
        raise VideoTrouble(f"no-{name}")
    return str(values[name])
