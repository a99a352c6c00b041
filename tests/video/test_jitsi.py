"""Jitsi tokens, read by a second implementation of its rules."""

import re
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

import pytest

from scheduler.video.jitsi import Jitsi
from scheduler.video.vendor import Meeting, Role, Room, VideoTrouble
from tests.video.prosody import Prosody, Refused
from tests.video.servers import serving

SECRET = "a secret of at least thirty-two characters"
OPENS = datetime(2026, 12, 3, 15, 45, tzinfo=UTC)
ENDS = OPENS + timedelta(minutes=75)
MEETING = Meeting("R7q2x9KfW3nB", OPENS + timedelta(minutes=15), OPENS + timedelta(minutes=45))

jitsi = Jitsi("https://Meet.Clinic.example", "visits", SECRET, "jitsi")
prosody = Prosody("visits", SECRET, ("jitsi",), "meet.clinic.example")


def url(role: Role, room: Room | None = None) -> str:
    return jitsi.join_url(room or jitsi.ensure_room(MEETING), role, "Patient", OPENS, ENDS)


def token_of(url: str) -> str:
    (token,) = parse_qs(urlsplit(url).query)["jwt"]
    return token


def at(moment: datetime) -> int:
    return int(moment.timestamp())


def test_the_address_is_the_room_with_a_token() -> None:
    assert re.fullmatch(
        r"https://Meet\.Clinic\.example/r7q2x9kfw3nb\?jwt=[\w-]+\.[\w-]+\.[\w-]+", url(Role.GUEST)
    )


@pytest.mark.parametrize(("role", "affiliation"), [(Role.HOST, "owner"), (Role.GUEST, "member")])
def test_staff_are_moderators_and_nobody_else(role: Role, affiliation: str) -> None:
    claims = prosody.connect(token_of(url(role)), at(OPENS))
    assert prosody.enter(claims, "R7Q2X9KfW3nB") == affiliation


@pytest.mark.parametrize(
    ("moment", "why"),
    [
        (OPENS - timedelta(seconds=1), "nbf"),
        (ENDS, "exp"),
        (ENDS + timedelta(days=1), "exp"),
    ],
)
def test_a_token_is_good_in_its_window_and_never_outside(moment: datetime, why: str) -> None:
    with pytest.raises(Refused, match=why):
        prosody.connect(token_of(url(Role.GUEST)), at(moment))
    assert prosody.connect(token_of(url(Role.GUEST)), at(ENDS) - 1)


def test_a_token_opens_one_room() -> None:
    claims = prosody.connect(token_of(url(Role.GUEST)), at(OPENS))
    with pytest.raises(Refused, match="join this room"):
        prosody.enter(claims, "another")
    elsewhere = Prosody("visits", SECRET, ("jitsi",), "other.example")
    with pytest.raises(Refused, match="join this room"):
        elsewhere.enter(claims, "r7q2x9kfw3nb")


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (Prosody("somebody", SECRET, ("jitsi",), "meet.clinic.example"), "iss"),
        (Prosody("visits", "b" * 40, ("jitsi",), "meet.clinic.example"), "signature"),
        (Prosody("visits", SECRET, ("else",), "meet.clinic.example"), "aud"),
    ],
)
def test_another_server_lets_nobody_in(other: Prosody, why: str) -> None:
    with pytest.raises(Refused, match=why):
        other.connect(token_of(url(Role.HOST)), at(OPENS))


def test_a_guest_who_makes_themselves_a_moderator_is_refused() -> None:
    header, claims, signature = token_of(url(Role.GUEST)).split(".")
    _, owners, _ = token_of(url(Role.HOST)).split(".")
    assert claims != owners
    with pytest.raises(Refused, match="signature"):
        prosody.connect(f"{header}.{owners}.{signature}", at(OPENS))


def test_nothing_but_the_room_times_and_an_alias_is_in_a_token() -> None:
    claims = prosody.connect(token_of(url(Role.GUEST)), at(OPENS))
    assert set(claims) == {"aud", "iss", "sub", "room", "nbf", "exp", "context"}
    user = {"name": "Patient", "moderator": "false", "affiliation": "member"}
    assert claims["context"] == {"user": user}


def test_a_room_is_not_shown_by_accident() -> None:
    assert "r7q2" not in repr(jitsi.ensure_room(MEETING)).lower()


class Web(BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status if self.path == "/config.js" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


class Broken(Web):
    status = 502


def test_a_server_that_answers_is_in_order() -> None:
    with serving(Web) as server:
        Jitsi(server, "visits", SECRET, "jitsi").check()


def test_a_server_that_does_not_is_trouble() -> None:
    with serving(Broken) as server, pytest.raises(VideoTrouble, match="502"):
        Jitsi(server, "visits", SECRET, "jitsi").check()
    with pytest.raises(VideoTrouble, match="ConnectionError"):
        Jitsi(server, "visits", SECRET, "jitsi").check()
