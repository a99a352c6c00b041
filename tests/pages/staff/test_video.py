"""Staff go into the room of a visit by video from its page, and see where the patient is."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from scheduler.bootstrap import Runtime
from scheduler.domain.scopes import Scope
from tests.conftest import serving
from tests.gatehouse import END, START, GateHouse, affiliation, entered, gatehouse, jitsi
from tests.pages.staff.desk import COOKIE, Desk, plain


@pytest.fixture
def house(run: Runtime) -> GateHouse:
    return gatehouse(run, jitsi())


@pytest.fixture
def visit(house: GateHouse) -> UUID:
    return house.booked()


def desk_of(house: GateHouse, *scopes: Scope) -> Desk:
    """Somebody who signed in just now, with a video vendor."""
    desk = Desk(house.run, frozenset(scopes) or frozenset(Scope), name=f"pat-{len(scopes)}")
    desk.client = serving(replace(house.run)).test_client()
    desk.client.set_cookie(COOKIE, desk.token)
    return desk


def test_the_page_says_when_the_room_opens(house: GateHouse, visit: UUID) -> None:
    desk = desk_of(house)
    assert f"/staff/visits/{visit}/video" in desk.get(f"/visits/{visit}")
    said = plain(desk.get(f"/visits/{visit}/video"))
    assert "The room is open from Tue, Dec 8, 9:45 AM until 11:00 AM." in said
    assert "Nothing was said yet." in said and "as host" not in said
    page = desk.post(f"/visits/{visit}/join", 409).text
    assert "The video room is entered from 15 minutes before" in page


def test_whoever_is_signed_in_goes_in_as_host(house: GateHouse, visit: UUID) -> None:
    house.clock(START)
    desk = desk_of(house)
    assert "Go into the room as host" in desk.get(f"/visits/{visit}/video")
    answer = desk.post(f"/visits/{visit}/join")
    assert affiliation(answer.headers["Location"], START) == "owner"
    assert (answer.headers["Referrer-Policy"], answer.headers["Cache-Control"]) == ("no-referrer", "no-store")
    assert house.history(visit)[-1] == ("staff:pat-0", "join")


def test_browsers_may_follow_to_the_vendor_from_this_page_alone(house: GateHouse, visit: UUID) -> None:
    desk = desk_of(house)
    pages = {path: desk.client.get(f"/staff/visits/{visit}{path}") for path in ("", "/video")}
    forms = {
        path: "form-action 'self' https:;" in page.headers["Content-Security-Policy"]
        for path, page in pages.items()
    }
    assert forms == {"": False, "/video": True}


def test_all_that_the_patient_said_is_shown_to_who_may_read_it_and_each_look_is_written_down(
    house: GateHouse, visit: UUID
) -> None:
    house.clock(START)
    house.come(visit, state="LA")
    house.come(visit, place="car", address="parked at 1 Example Street")
    said = plain(desk_of(house).get(f"/visits/{visit}/video"))
    assert "Louisiana" in said and "No licence there" in said
    assert "Parked car: parked at 1 Example Street" in said and "(409) 555-0123" in said
    assert house.audited(visit)[-1] == "read-intake"
    without = plain(desk_of(house, Scope.VISITS).get(f"/visits/{visit}/video"))
    assert "Your account may not see this." in without and "1 Example Street" not in without


def test_whoever_may_not_be_seen_there_is_checked_in_once_staff_have_entered_the_right_place(
    house: GateHouse, visit: UUID
) -> None:
    house.clock(START)
    house.come(visit, state="LA")
    desk = desk_of(house)
    desk.post(f"/visits/{visit}/arrive")
    refused = plain(desk.post(f"/visits/{visit}/check-in", 409).text)
    assert "no licence for the state where the patient is" in refused and "another practitioner" in refused
    assert house.status(visit) == "arrived"
    place: dict[str, Any] = {"state": "TX", "address": "1 Example Street", "phone": "409 555 0123"}
    path = f"/visits/{visit}"
    assert 'id="state-error"' in desk.post(f"{path}/whereabouts", 422, **place | {"state": ""}).text
    assert "no licence" in plain(desk.post(f"{path}/whereabouts", 409, **place | {"state": "OK"}).text)
    desk.post(f"{path}/whereabouts", **place)
    desk.post(f"{path}/check-in")
    assert house.status(visit) == "checked-in"
    assert entered(house.send(visit, {"x": ""}), START) == "member"


def test_a_visit_in_person_has_no_place_to_enter(house: GateHouse) -> None:
    visit = house.booked(mode="in_person", location="main")
    assert "The patient is elsewhere" not in desk_of(house).get(f"/visits/{visit}/video")


def test_without_a_room_the_page_says_so(run: Runtime) -> None:
    house = gatehouse(run, None)
    visit = house.booked()
    house.clock(START)
    page = desk_of(house).post(f"/visits/{visit}/join", 409).text
    assert "There is no video room for this visit at the moment." in page


def test_a_visit_that_is_over_has_no_way_in(house: GateHouse, visit: UUID) -> None:
    house.clock(END.replace(hour=12))
    assert "as host" not in desk_of(house).get(f"/visits/{visit}/video")
