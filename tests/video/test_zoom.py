"""Zoom, by a local server that holds it to its documented shapes."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest
import requests

from scheduler.video import zoom as zoom_module
from scheduler.video import zoom_tokens
from scheduler.video.vendor import Meeting, Role, Room, RoomGone, VideoTrouble
from scheduler.video.zoom import Zoom
from scheduler.video.zoom_tokens import AccessTokens
from tests.video.zoom_stub import ACCOUNT, CLIENT, SECRET, Fault, ZoomStub, zoom_stub

CENTRAL = timezone(-timedelta(hours=6))
START = datetime(2026, 12, 3, 10, tzinfo=CENTRAL)
MEETING = Meeting("r7q2x9kf", START, START + timedelta(minutes=30), "doctor@clinic.example")


@pytest.fixture
def stub() -> Iterator[ZoomStub]:
    with zoom_stub() as stub:
        yield stub
    assert stub.wrong == []


@pytest.fixture
def zoom(stub: ZoomStub) -> Zoom:
    return zoom_at(stub)


def zoom_at(stub: ZoomStub, secret: str = SECRET) -> Zoom:
    return Zoom(stub.url, AccessTokens(stub.url, ACCOUNT, CLIENT, secret))


def enter(zoom: Zoom, room: Room, role: Role) -> str:
    return zoom.join_url(room, role, "Patient", START, START + timedelta(hours=1))


def test_a_room_is_a_meeting_that_says_nothing_but_a_reference_and_times(zoom: Zoom, stub: ZoomStub) -> None:
    room = zoom.ensure_room(MEETING)
    made = stub.meetings[room.id]
    assert made["topic"] == "r7q2x9kf"
    assert made["start_time"] == "2026-12-03T16:00:00Z"
    assert made["duration"] == 30
    assert made["user"] == "doctor@clinic.example"
    assert enter(zoom, room, Role.GUEST) == f"https://example.zoom.us/j/{room.id}?pwd=x"


def test_a_practitioner_without_a_user_has_no_room(zoom: Zoom) -> None:
    with pytest.raises(VideoTrouble, match="no-account"):
        zoom.ensure_room(Meeting("r", START, START + timedelta(minutes=30)))


def test_a_room_keeps_its_address_when_it_lasts_longer(zoom: Zoom, stub: ZoomStub) -> None:
    room = zoom.ensure_room(MEETING)
    zoom.update_room(room, Meeting("r7q2x9kf", START, START + timedelta(minutes=45), MEETING.account))
    assert stub.meetings[room.id]["duration"] == 45


def test_a_deleted_room_is_gone_and_deleting_it_again_is_no_trouble(zoom: Zoom, stub: ZoomStub) -> None:
    room = zoom.ensure_room(MEETING)
    zoom.delete_room(room)
    assert stub.meetings == {}
    zoom.delete_room(room)


def test_a_room_that_is_gone_is_told_apart_from_other_trouble(zoom: Zoom) -> None:
    room = Room("9000000099", "https://example.zoom.us/j/9000000099")
    with pytest.raises(RoomGone):
        zoom.update_room(room, MEETING)
    with pytest.raises(RoomGone):
        enter(zoom, room, Role.HOST)


def test_the_hosts_address_is_fetched_anew_each_time(zoom: Zoom) -> None:
    room = zoom.ensure_room(MEETING)
    first, second = enter(zoom, room, Role.HOST), enter(zoom, room, Role.HOST)
    assert "zak=host-key" in first
    assert first != second
    assert "zak" not in room.url


def test_one_token_serves_all_threads_for_its_hour(zoom: Zoom, stub: ZoomStub) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: zoom.ensure_room(MEETING), range(16)))
    assert stub.tokens == 1


def test_a_token_is_renewed_before_its_end(stub: ZoomStub) -> None:
    stub.lasts = 59
    zoom = zoom_at(stub)
    zoom.check()
    zoom.check()
    assert stub.tokens == 2


def test_a_token_that_is_refused_is_renewed_once(zoom: Zoom, stub: ZoomStub) -> None:
    zoom.check()
    stub.valid = "of-somebody-else"
    assert zoom.ensure_room(MEETING)
    assert stub.tokens == 2
    stub.fault = Fault(401, times=5)
    with pytest.raises(VideoTrouble, match="401"):
        zoom.ensure_room(MEETING)
    assert stub.tokens == 3


@pytest.mark.parametrize("status", [400, 403, 429, 500, 502, 503])
def test_what_zoom_refuses_is_trouble_that_repeats_none_of_its_words(
    zoom: Zoom, stub: ZoomStub, status: int
) -> None:
    stub.fault = Fault(status)
    with pytest.raises(VideoTrouble, match=rf"^{status} {status}$"):
        zoom.ensure_room(MEETING)
    assert zoom.ensure_room(MEETING)


def test_a_busy_zoom_is_left_alone_for_as_long_as_it_says(zoom: Zoom, stub: ZoomStub) -> None:
    stub.fault = Fault(429, headers={"Retry-After": "17"})
    with pytest.raises(VideoTrouble) as told:
        zoom.ensure_room(MEETING)
    assert told.value.retry_after == 17


@pytest.mark.parametrize("value", ["", "soon", "Wed, 21 Oct 2026 07:28:00 GMT", "-3", "²"])
def test_whatever_is_no_number_of_seconds_says_nothing(value: str) -> None:
    answer = requests.Response()
    answer.headers["Retry-After"] = value
    assert zoom_tokens.retry_after(answer) is None


def test_a_silent_zoom_is_given_up(zoom: Zoom, stub: ZoomStub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zoom_module, "TIMEOUT", (1.0, 0.1))
    stub.fault = Fault(200, silent_for=0.4)
    with pytest.raises(VideoTrouble, match="ReadTimeout"):
        zoom.ensure_room(MEETING)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"id": 1}'])
def test_an_answer_that_is_not_zooms_is_trouble(zoom: Zoom, stub: ZoomStub, body: bytes) -> None:
    stub.fault = Fault(201, body=body)
    with pytest.raises(VideoTrouble):
        zoom.ensure_room(MEETING)


@pytest.mark.parametrize(
    "fault", [Fault(400), Fault(500), Fault(200, body=b"{}"), Fault(200, body=b"no"), Fault(302)]
)
def test_without_a_token_nothing_is_asked_for(stub: ZoomStub, fault: Fault) -> None:
    stub.token_fault = fault
    with pytest.raises(VideoTrouble, match=r"^token"):
        zoom_at(stub).ensure_room(MEETING)
    assert stub.requests == ["POST /oauth/token"]


def test_wrong_credentials_show_in_the_check(stub: ZoomStub) -> None:
    with pytest.raises(VideoTrouble, match="token 400"):
        zoom_at(stub, "wrong").check()


def test_nobody_there_is_trouble() -> None:
    with zoom_stub() as stub:
        zoom = zoom_at(stub)
    with pytest.raises(VideoTrouble, match="ConnectionError"):
        zoom.check()


def test_the_days_are_those_of_utc(zoom: Zoom, stub: ZoomStub) -> None:
    late = datetime(2026, 12, 3, 20, tzinfo=CENTRAL)
    room = zoom.ensure_room(Meeting("r", late, late + timedelta(minutes=15, seconds=1), "u"))
    assert stub.meetings[room.id]["start_time"] == late.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert stub.meetings[room.id]["duration"] == 16
