"""Rooms follow the visits, however these were booked, moved, converted or cancelled."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from scheduler.domain.clinic import Mode
from scheduler.domain.video import RoomState
from scheduler.domain.visits import Act
from scheduler.services.rooms.keeping import room_of
from scheduler.services.rooms.wanting import look_after_rooms, reconcile
from scheduler.video.jitsi import Jitsi
from scheduler.video.vendor import Meeting, Room
from tests.cast import NOW, at
from tests.services.rooms.conftest import START, House
from tests.video.zoom_stub import Fault

LONGER = {
    'minutes = 30\nnew_patients = "either"\nmodes = {': 'minutes = 45\nnew_patients = "either"\nmodes = {'
}
READY, GONE, WANTED = RoomState.READY, RoomState.GONE, RoomState.WANTED


def test_a_booked_video_visit_gets_a_room_that_tells_nothing_of_the_patient(house: House) -> None:
    house.booked()
    assert house.keep() == 1
    assert house.states() == [READY]
    (made,) = house.zoom.meetings.values()
    assert made["user"] == "one@clinic.example"
    assert made["start_time"] == "2026-12-02T16:00:00Z"
    assert "Pat" not in str(made) and "follow" not in str(made).lower()
    assert house.keep() == 0
    assert len(house.zoom.meetings) == 1


def test_rooms_are_made_two_days_ahead_and_not_sooner(house: House) -> None:
    house.booked(at(8, 10))
    house.keep()
    assert house.rows() == []
    house.keep(at(6, 10))
    assert house.states() == [READY]


@pytest.mark.parametrize("mode", Mode)
def test_only_a_visit_by_video_has_one(house: House, mode: Mode) -> None:
    visit = house.booked()
    if mode is Mode.IN_PERSON:
        house.moved(visit, mode=mode)
    house.keep()
    assert house.states() == ([READY] if mode is Mode.TELEMEDICINE else [])


def test_a_request_that_nobody_approved_has_none(house: House) -> None:
    visit = house.booked()
    with house.desk.db.transaction() as session:
        session.execute(text("UPDATE visits SET status = 'pending' WHERE id = :id"), {"id": visit})
    house.keep()
    assert house.rows() == []


@pytest.mark.parametrize("to", [{"start": at(2, 11)}, {"practitioner": "two"}])
def test_a_visit_that_moved_gets_another_room_and_the_old_one_is_taken_away(
    house: House, to: dict[str, object]
) -> None:
    visit = house.booked()
    house.keep()
    (old,) = house.rooms()
    house.moved(visit, **to)
    house.keep()
    assert house.states() == [GONE, READY]
    (new,) = house.rooms()
    assert new.id != old.id
    assert list(house.zoom.meetings) == [new.id]


def test_a_visit_that_becomes_one_in_person_has_no_room_any_more(house: House) -> None:
    visit = house.booked()
    house.keep()
    house.moved(visit, mode=Mode.IN_PERSON)
    house.keep()
    assert house.states() == [GONE]
    assert house.zoom.meetings == {}


def test_a_cancelled_visit_loses_its_room_and_gets_another_when_it_comes_back(house: House) -> None:
    visit = house.booked()
    house.keep()
    house.done(visit, Act.CANCEL)
    house.keep()
    assert (house.states(), house.zoom.meetings) == ([GONE], {})
    with house.desk.db.transaction() as session:
        session.execute(text("UPDATE visits SET status = 'booked' WHERE id = :id"), {"id": visit})
    house.keep()
    assert house.states() == [GONE, READY]


def test_a_room_goes_half_an_hour_after_the_visit_and_what_led_there_is_erased(house: House) -> None:
    house.booked()
    house.keep()
    end = START + timedelta(minutes=30)
    house.keep(end + timedelta(minutes=29))
    assert house.states() == [READY]
    house.keep(end + timedelta(minutes=30))
    assert (house.states(), house.zoom.meetings) == ([GONE], {})
    assert [row.room for row in house.rows()] == [None]


def test_a_visit_that_became_longer_keeps_its_room(house: House) -> None:
    visit = house.booked()
    house.keep()
    (before,) = house.rooms()
    house.in_force(LONGER)
    house.moved(visit, start=START)
    house.keep()
    assert house.rooms() == [before]
    assert house.zoom.meetings[before.id]["duration"] == 45
    assert house.states() == [READY]


def test_a_room_that_the_vendor_lost_is_made_again(house: House) -> None:
    visit = house.booked()
    house.keep()
    house.zoom.meetings.clear()
    with house.desk.db.transaction() as session:
        longer = "UPDATE visits SET ends_at = ends_at + interval '15 minutes' WHERE id = :id"
        session.execute(text(longer), {"id": visit})
    house.keep()
    assert house.states() == [READY]
    assert len(house.zoom.meetings) == 1


@pytest.mark.parametrize("status", [401, 404, 429, 500, 503])
def test_a_vendor_that_fails_is_asked_again_later(house: House, status: int) -> None:
    house.booked()
    house.zoom.fault = Fault(status, times=2)
    house.keep()
    (row,) = house.rows()
    assert (row.state, row.attempts) == (WANTED, 1)
    assert row.last_error and str(status) in row.last_error
    asked = len(house.zoom.requests)
    assert house.keep() == 0
    assert len(house.zoom.requests) == asked, "it is left alone for a while"
    house.zoom.fault = None
    house.soon()
    assert house.keep() == 1
    (row,) = house.rows()
    assert (row.state, row.attempts, row.last_error) == (READY, 0, None)


def test_a_vendor_that_says_for_how_long_is_left_alone_so_long(house: House) -> None:
    house.booked()
    house.zoom.fault = Fault(429, headers={"Retry-After": "90"})
    house.keep()
    assert timedelta(seconds=80) < house.waits() < timedelta(seconds=150)


def test_staff_hear_half_an_hour_before_of_a_visit_without_a_room_until_it_has_one(house: House) -> None:
    visit = house.booked()
    house.zoom.fault = Fault(500, times=2)
    house.keep(START - timedelta(minutes=31))
    assert house.tasks() == []
    house.soon()
    house.keep(START - timedelta(minutes=30))
    house.keep(START - timedelta(minutes=29))
    assert house.tasks() == [(visit, False)]
    house.soon()
    house.keep(START - timedelta(minutes=20))
    house.keep(START - timedelta(minutes=19))
    assert house.tasks() == [(visit, True)]


def test_nobody_has_to_call_about_a_visit_that_was_cancelled(house: House) -> None:
    visit = house.booked()
    house.zoom.fault = Fault(500, times=9)
    house.keep(START - timedelta(minutes=10))
    house.done(visit, Act.CANCEL)
    house.keep(START - timedelta(minutes=9))
    assert house.tasks() == [(visit, True)]


def test_without_a_vendor_staff_call(house: House) -> None:
    visit = house.booked()
    look_after_rooms(replace(house.desk, video=None), START - timedelta(minutes=10))
    assert (house.tasks(), house.rows()) == ([(visit, False)], [])


def test_many_at_once_make_each_room_once(house: House) -> None:
    for number in range(6):
        house.booked(at(2, 9 + number), number)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: house.keep(), range(4)))
    assert len(house.zoom.meetings) == 6
    assert house.states() == [READY] * 6


def test_a_room_that_was_made_for_a_visit_that_moved_meanwhile_is_taken_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = house.booked()
    assert house.desk.video
    ensure, moved = type(house.desk.video).ensure_room, threading.Event()

    def slow(vendor: object, meeting: Meeting) -> Room:
        room = ensure(vendor, meeting)  # type: ignore[arg-type]
        if not moved.is_set():
            moved.set()
            house.moved(visit, start=at(2, 15))
            with house.desk.db.transaction() as session:
                reconcile(session, "zoom", NOW)
        return room

    monkeypatch.setattr(type(house.desk.video), "ensure_room", slow)
    house.keep()
    house.keep()
    assert house.states() == [GONE, READY]
    assert len(house.zoom.meetings) == 1


def test_rooms_of_a_vendor_that_the_clinic_left_are_forgotten_and_made_anew(house: House) -> None:
    house.booked()
    house.keep()
    jitsi = Jitsi("https://meet.clinic.example", "visits", "s" * 32, "jitsi")
    house.desk = replace(house.desk, video=jitsi)
    house.keep()
    assert house.states() == [GONE, READY]
    (room,) = house.rooms()
    assert len(room.id) == 32


def test_where_guests_enter_is_kept_sealed_and_where_hosts_do_nowhere(house: House) -> None:
    house.booked()
    house.keep()
    (row,) = house.rows()
    assert row.room and b"zoom" not in row.room
    room = room_of(house.desk.secrets.vault, row)
    assert room and room.url.startswith("https://example.zoom.us/j/")
    assert "zak" not in room.url
