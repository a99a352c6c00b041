"""Time off and extra hours: in force at once, and nobody's visit is lost to them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from scheduler.bootstrap import Runtime
from scheduler.db.models import AuditEntry, Claim, Visit
from scheduler.domain.actors import Actor, ActorKind
from scheduler.domain.errors import SlotTaken
from scheduler.domain.scopes import Scope
from scheduler.services.booking.making import book
from scheduler.services.hours.time_off import take_off
from scheduler.services.slots.taking import lock
from tests.api.people import Headers, booked, said, staff_with
from tests.cast import at
from tests.services.asking import count, request, resource, wait_until_somebody_waits

DESK = Actor(ActorKind.STAFF, "front-desk")


@pytest.fixture
def staff(run: Runtime) -> Headers:
    return staff_with(run, Scope.SCHEDULE, Scope.VISITS)


def away(client: FlaskClient, staff: Headers, start: datetime, end: datetime, who: str = "one") -> Any:
    body = {"practitioner": who, "start": start.isoformat(), "end": end.isoformat()}
    return said(client.post("/v1/time-off", json=body, headers=staff), 201)


def extra(start: datetime, end: datetime, **more: object) -> dict[str, Any]:
    hours = {"practitioner": "one", "location": "main", "modes": ["in_person", "telemedicine"]}
    return {**hours, "start": start.isoformat(), "end": end.isoformat(), **more}


def free(client: FlaskClient, day: str, mode: str = "telemedicine", who: str = "one") -> list[str]:
    query = f"visit_type=follow-up&mode={mode}&from={day}&to={day}&practitioner={who}"
    return [slot["start"] for slot in said(client.get(f"/v1/slots?{query}"))["slots"]]


# ------------------------------------------------------------------------------------------- time off


def test_time_off_is_in_force_at_once_and_ends_when_it_is_deleted(
    client: FlaskClient, staff: Headers
) -> None:
    before = free(client, "2026-12-08")
    entry = away(client, staff, at(8, 9), at(8, 16))
    assert free(client, "2026-12-08") == [
        "2026-12-08T16:00:00-06:00",
        "2026-12-08T16:15:00-06:00",
        "2026-12-08T16:30:00-06:00",
    ]
    assert client.delete(f"/v1/time-off/{entry['id']}", headers=staff).status_code == 200
    assert free(client, "2026-12-08") == before
    assert client.delete(f"/v1/time-off/{entry['id']}", headers=staff).status_code == 404


def test_time_off_names_those_it_hits_by_start_and_nobody_else(
    client: FlaskClient, run: Runtime, staff: Headers
) -> None:
    def visit(number: int, start: datetime, **more: object) -> str:
        made = booked(client, number, start=start.isoformat(), **{"practitioner": "one", **more})
        return str(made["id"])

    later = visit(1, at(8, 14))
    touches_the_end = visit(2, at(8, 15, 45))
    touches_the_start = visit(3, at(8, 9, 45), mode="in_person", location="main")
    visit(4, at(8, 9, 15))  # over when it begins
    visit(5, at(8, 16, 15))  # begins when it is over
    visit(6, at(8, 12), practitioner="two")
    gone = visit(7, at(8, 11))
    client.post(f"/v1/visits/{gone}/cancel", json={}, headers=staff)
    entry = away(client, staff, at(8, 10), at(8, 16))
    assert [hit["id"] for hit in entry["visits"]] == [touches_the_start, later, touches_the_end]
    assert [hit["mode"] for hit in entry["visits"]] == ["in_person", "telemedicine", "telemedicine"]


def test_a_line_of_the_call_list_says_whom_to_call_and_what_they_know(
    client: FlaskClient, run: Runtime, staff: Headers
) -> None:
    child = {"name": "Kim Example", "birth_date": "2015-01-01"}
    parent = {
        "name": "Uma Example",
        "relationship": "parent",
        "phone": "+14095550177",
        "language": "es",
        "receives": "instead",
    }
    booked(client, patient=child, booked_by=parent, practitioner="one")
    adult = booked(client, 1, start=at(8, 11).isoformat(), practitioner="one")
    client.post(f"/v1/visits/{adult['id']}/arrive", json={}, headers=staff)
    first, second = away(client, staff, at(8, 9), at(8, 17))["visits"]
    assert (first["patient"], first["notify"]) == ("Kim Example", "call")
    assert first["call"] == {
        "role": "booked_by",
        "name": "Uma Example",
        "phone": "+14095550177",
        "language": "es",
    }
    assert (first["last_message"]["kind"], first["arrived"]) == ("confirmed", False)
    assert (second["call"]["role"], second["call"]["phone"]) == ("patient", None)
    assert (second["notify"], second["arrived"]) == ("email", True)
    assert (second["last_message"]["kind"], second["last_message"]["state"]) == ("confirmed", "pending")


def test_time_off_frees_nothing_and_cancels_nobody(client: FlaskClient, run: Runtime, staff: Headers) -> None:
    visit = booked(client, practitioner="one")
    claims, messages = count(run, "claims"), count(run, "messages")
    entry = away(client, staff, at(8, 9), at(8, 17))
    assert (count(run, "claims"), count(run, "messages")) == (claims, messages)
    client.delete(f"/v1/time-off/{entry['id']}", headers=staff)
    assert count(run, "claims") == claims
    with run.db.transaction() as session:
        assert session.scalars(select(Visit.status)).all() == ["booked"]
        assert set(session.scalars(select(Claim.visit_id))) == {UUID(visit["id"])}


def test_whom_time_off_hits_can_be_asked_again_when_some_were_moved(
    client: FlaskClient, staff: Headers
) -> None:
    visit, other = booked(client, practitioner="one"), booked(client, 1, start=at(8, 11).isoformat())
    entry = away(client, staff, at(8, 9), at(8, 17), who="one")
    assert visit["id"] in [hit["id"] for hit in entry["visits"]]
    body = {"start": at(9, 10).isoformat()}
    client.post(f"/v1/visits/{visit['id']}/reschedule", json=body, headers=staff)
    now = said(client.get(f"/v1/time-off/{entry['id']}", headers=staff))
    assert [hit["id"] for hit in now["visits"]] == [other["id"]] * (other["practitioner"] == "one")


def test_that_staff_saw_a_call_list_is_audited(client: FlaskClient, run: Runtime, staff: Headers) -> None:
    visit = booked(client, practitioner="one")
    entry = away(client, staff, at(8, 9), at(8, 17))
    with run.db.transaction() as session:
        rows = session.scalars(
            select(AuditEntry).where(AuditEntry.actor == str(DESK)).order_by(AuditEntry.id)
        ).all()
    assert [(row.act, row.object_kind, row.object_id) for row in rows] == [
        ("enter", "time-off", entry["id"]),
        ("list", "visit", None),
    ]
    assert rows[1].detail == {"ids": [visit["id"]], "count": 1}


def test_time_off_is_listed_until_it_has_ended(client: FlaskClient, staff: Headers) -> None:
    second = away(client, staff, at(9, 9), at(9, 10))["id"]
    first = away(client, staff, at(8, 9), at(8, 10), who="two")["id"]

    def listed(query: str = "") -> list[str]:
        return [each["id"] for each in said(client.get(f"/v1/time-off{query}", headers=staff))["items"]]

    assert listed() == [first, second]
    assert listed("?practitioner=one") == [second]
    assert listed("?since=2026-12-08T10:00:00-06:00") == [second]
    page = said(client.get("/v1/time-off?limit=1", headers=staff))
    assert listed(f"?limit=1&cursor={page['next']}") == [second]


def test_the_same_entry_once_more_is_the_one_that_there_is(
    client: FlaskClient, run: Runtime, staff: Headers
) -> None:
    """Somebody whose answer was lost asks again and gets the call list, not a second absence."""
    first, again = (away(client, staff, at(8, 9), at(8, 17))["id"] for _ in range(2))
    assert (first, count(run, "time_off")) == (again, 1)
    bodies = [extra(at(12, 10), at(12, 11)), extra(at(12, 10), at(12, 11), modes=["telemedicine"])]
    made = [said(client.post("/v1/extra-hours", json=body, headers=staff), 201)["id"] for body in bodies * 2]
    assert (made[:2], len(set(made)), count(run, "extra_hours")) == (made[2:], 2, 2)


@pytest.mark.parametrize("route", ["/v1/time-off", "/v1/extra-hours"])
def test_what_staff_enter_under_a_key_is_entered_once(
    client: FlaskClient, run: Runtime, staff: Headers, route: str
) -> None:
    def enter(body: dict[str, Any], key: str = "0123456789abcdef") -> TestResponse:
        return client.post(route, json=body, headers={**staff, "Idempotency-Key": key})

    body = extra(at(12, 10), at(12, 11))
    if route == "/v1/time-off":
        body = {name: body[name] for name in ("practitioner", "start", "end")}
    first, again = enter(body), enter(body)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.get_json() == again.get_json()
    assert ("Idempotency-Replayed" in first.headers, again.headers["Idempotency-Replayed"]) == (False, "true")
    other = enter({**body, "end": at(12, 12).isoformat()})
    assert other.get_json()["type"] == "/problems/idempotency-conflict"
    assert count(run, route.removeprefix("/v1/").replace("-", "_")) == 1
    said(client.delete(f"{route}/{first.get_json()['id']}", headers=staff))
    assert enter(body).status_code == 404, "a late repeat must not enter again what somebody took back"
    assert enter(body, key="another-key-of-16").status_code == 201


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"practitioner": "nobody"}, "/practitioner", "unknown"),
        ({"practitioner": "main/r1"}, "/practitioner", "unknown"),
        ({"end": "2026-12-08T09:00:00-06:00"}, "", "wrong-order"),
        ({"start": "2026-12-08T09:00:00"}, "/start", "not-an-instant"),
        ({"visits": []}, "/visits", "unknown-field"),
    ],
)
def test_time_off_that_cannot_be_is_refused(
    client: FlaskClient, staff: Headers, change: dict[str, Any], pointer: str, code: str
) -> None:
    body = {"practitioner": "one", "start": "2026-12-08T09:00:00-06:00", "end": "2026-12-08T12:00:00-06:00"}
    (error,) = said(client.post("/v1/time-off", json={**body, **change}, headers=staff), 422)["errors"]
    assert (error["pointer"], error["code"]) == (pointer, code)


def test_a_booking_that_comes_first_is_among_those_that_time_off_hits(run: Runtime) -> None:
    """The time off waits for the booking that is being written, and then sees it."""
    with ThreadPoolExecutor(2) as pool:
        with run.db.transaction() as session:
            lock(session, resource(session, "one"))
            booking = pool.submit(book, run.desk, request(at(8, 10), practitioner="one"))
            wait_until_somebody_waits(run.db)
            waiting = pool.submit(take_off, run.desk, "one", at(8, 9), at(8, 17), DESK)
            wait_until_somebody_waits(run.db, many=2)
        visit, entry = booking.result(10).visit, waiting.result(10)
    assert [hit.visit.id for hit in entry.visits] == [visit.id]


def test_a_booking_that_comes_second_finds_the_time_off(run: Runtime) -> None:
    """It looked for free times before, and waits for the lock that the time off has."""
    with ThreadPoolExecutor(1) as pool, run.db.transaction() as session:
        entry = take_off_within(run, session)
        booking = pool.submit(book, run.desk, request(at(8, 10), practitioner="one"))
        wait_until_somebody_waits(run.db)
        session.commit()
        assert isinstance(booking.exception(10), SlotTaken)
    assert entry == []


def take_off_within(run: Runtime, session: Any) -> list[Any]:
    """What `take_off` does, in a transaction that stays open: to stand between its lock and its end."""
    real, run.db.attempt = run.db.attempt, lambda work: work(session)  # type: ignore[method-assign]
    try:
        return list(take_off(run.desk, "one", at(8, 9), at(8, 17), DESK).visits)
    finally:
        run.db.attempt = real  # type: ignore[method-assign]


@pytest.mark.parametrize("booking_first", [True, False] * 3)
def test_a_booking_at_the_same_time_as_time_off_is_listed_or_refused(
    run: Runtime, booking_first: bool
) -> None:
    def booking() -> BaseException | UUID:
        try:
            return book(run.desk, request(at(8, 10), practitioner="one")).visit.id
        except SlotTaken as refused:
            return refused

    def absence() -> list[UUID]:
        return [hit.visit.id for hit in take_off(run.desk, "one", at(8, 9), at(8, 17), DESK).visits]

    with ThreadPoolExecutor(2) as pool:
        if booking_first:
            visit, hit = pool.submit(booking), pool.submit(absence)
        else:
            hit, visit = pool.submit(absence), pool.submit(booking)
        made = visit.result(10)
        assert hit.result(10) == ([made] if isinstance(made, UUID) else [])


# ---------------------------------------------------------------------------------------- extra hours


def test_extra_hours_can_be_booked_at_once_until_they_are_taken_back(
    client: FlaskClient, staff: Headers
) -> None:
    assert free(client, "2026-12-12") == []
    hours = extra(at(12, 10), at(12, 11))
    entry = said(client.post("/v1/extra-hours", json=hours, headers=staff), 201)
    assert free(client, "2026-12-12") == [
        "2026-12-12T10:00:00-06:00",
        "2026-12-12T10:15:00-06:00",
        "2026-12-12T10:30:00-06:00",
    ]
    assert free(client, "2026-12-12", mode="in_person") == free(client, "2026-12-12")
    assert said(client.get("/v1/extra-hours", headers=staff))["items"] == [entry]
    visit = booked(client, start=at(12, 10).isoformat(), practitioner="one")
    gone = said(client.delete(f"/v1/extra-hours/{entry['id']}", headers=staff))
    assert [hit["id"] for hit in gone["visits"]] == [visit["id"]]
    assert free(client, "2026-12-12") == []
    assert said(client.get(f"/v1/visits/{visit['id']}", headers=staff))["status"] == "booked"
    assert client.delete(f"/v1/extra-hours/{entry['id']}", headers=staff).status_code == 404


def test_extra_hours_by_video_need_no_place(client: FlaskClient, staff: Headers) -> None:
    hours = extra(at(12, 10), at(12, 11), location=None, modes=["telemedicine"])
    said(client.post("/v1/extra-hours", json=hours, headers=staff), 201)
    assert free(client, "2026-12-12")
    assert free(client, "2026-12-12", mode="in_person") == []


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"location": "north"}, "/location", "no-weekly-hours"),
        ({"location": None}, "/location", "required"),
        ({"location": "nowhere"}, "/location", "unknown"),
        ({"practitioner": "nobody"}, "/practitioner", "unknown"),
        ({"modes": []}, "/modes", "too-short"),
        ({"modes": ["by-letter"]}, "/modes/0", "not-a-choice"),
        ({"start": "2026-12-12T10:02:00-06:00"}, "/start", "off-grid"),
        ({"end": "2026-12-12T11:00:01-06:00"}, "/end", "off-grid"),
        ({"end": "2027-12-12T11:00:00-06:00"}, "/end", "too-long"),
        ({"end": "2026-12-12T10:00:00-06:00"}, "", "wrong-order"),
    ],
)
def test_extra_hours_that_nobody_could_book_are_refused(
    client: FlaskClient, staff: Headers, change: dict[str, Any], pointer: str, code: str
) -> None:
    body = {**extra(at(12, 10), at(12, 11)), **change}
    (error,) = said(client.post("/v1/extra-hours", json=body, headers=staff), 422)["errors"]
    assert (error["pointer"], error["code"]) == (pointer, code)
