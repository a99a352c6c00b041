"""Staff find visits, and every look is written down."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from scheduler.bootstrap import Runtime
from scheduler.db.models import AuditEntry
from scheduler.domain.scopes import Scope
from tests.api.people import Headers, booked, patient_of, said, staff_with
from tests.cast import at, patient, wish

WEEK = "/v1/visits?from=2026-12-07&to=2026-12-11"

NOWHERE = UUID(int=0)

ZOE = {
    "name": "Zoë García-López",
    "birth_date": "1960-02-29",
    "email": "Zoe@Patients.example",
    "phone": "+14095550123",
}
ANA = {**ZOE, "name": "Ana García-López", "birth_date": "1990-05-05", "phone": "+14095550124"}


@pytest.fixture
def staff(run: Runtime) -> Headers:
    return staff_with(run, Scope.VISITS)


def audit(run: Runtime) -> list[AuditEntry]:
    """What staff did, without the keys themselves."""
    with run.db.transaction() as session:
        rows = select(AuditEntry).where(AuditEntry.actor.like("staff:%")).order_by(AuditEntry.id)
        return list(session.scalars(rows))


def found(client: FlaskClient, staff: Headers, **sought: object) -> list[str]:
    items = said(client.post("/v1/visits/search", json=sought, headers=staff))["items"]
    return [item["id"] for item in items]


# ------------------------------------------------------------------------------------------- who may

STAFF_ONLY: list[tuple[str, str, dict[str, Any] | None, Scope]] = [
    ("GET", WEEK, None, Scope.VISITS),
    ("POST", "/v1/visits/search", {"name": "Nobody"}, Scope.VISITS),
    ("GET", "/v1/tasks", None, Scope.VISITS),
    ("POST", "/v1/tasks/1/claim", {}, Scope.VISITS),
    ("POST", "/v1/tasks/1/release", {}, Scope.VISITS),
    ("POST", "/v1/tasks/1/done", {}, Scope.VISITS),
    ("GET", "/v1/time-off", None, Scope.SCHEDULE),
    ("GET", f"/v1/time-off/{NOWHERE}", None, Scope.SCHEDULE),
    ("DELETE", f"/v1/time-off/{NOWHERE}", None, Scope.SCHEDULE),
    ("GET", "/v1/extra-hours", None, Scope.SCHEDULE),
    ("DELETE", f"/v1/extra-hours/{NOWHERE}", None, Scope.SCHEDULE),
    (
        "POST",
        "/v1/time-off",
        {"practitioner": "one", "start": "2026-12-09T10:00:00-06:00", "end": "2026-12-09T12:00:00-06:00"},
        Scope.SCHEDULE,
    ),
    (
        "POST",
        "/v1/extra-hours",
        {
            "practitioner": "one",
            "location": "main",
            "modes": ["in_person"],
            "start": "2026-12-12T10:00:00-06:00",
            "end": "2026-12-12T12:00:00-06:00",
        },
        Scope.SCHEDULE,
    ),
]


@pytest.mark.parametrize(("method", "path", "body", "scope"), STAFF_ONLY)
def test_an_endpoint_of_staff_opens_to_its_own_scope_alone(
    client: FlaskClient, run: Runtime, method: str, path: str, body: dict[str, Any] | None, scope: Scope
) -> None:
    visit = booked(client)
    status = {
        "nobody": client.open(path, method=method, json=body).status_code,
        "a patient": client.open(path, method=method, json=body, headers=patient_of(visit)).status_code,
    }
    for one in Scope:
        headers = staff_with(run, one, name=one)
        status[one] = client.open(path, method=method, json=body, headers=headers).status_code
    allowed = status.pop(scope)
    assert allowed in (200, 201, 404)
    assert status.pop("nobody") == 401
    assert set(status.values()) == {403}


def test_somebody_elses_visit_does_not_exist_for_a_patient_and_its_history_is_for_staff(
    client: FlaskClient, run: Runtime
) -> None:
    mine, other = booked(client), booked(client, 1)
    assert client.get(f"/v1/visits/{other['id']}/history", headers=patient_of(mine)).status_code == 404
    assert client.get(f"/v1/visits/{mine['id']}/history", headers=patient_of(mine)).status_code == 403
    planner = staff_with(run, Scope.SCHEDULE)
    assert client.get(f"/v1/visits/{mine['id']}/history", headers=planner).status_code == 403
    assert client.get(f"/v1/visits/{mine['id']}", headers=planner).status_code == 403


# ---------------------------------------------------------------------------------------------- lists


def test_staff_see_who_comes_and_how_to_reach_them_but_no_links(client: FlaskClient, staff: Headers) -> None:
    visit = booked(client, patient=ZOE)
    (item,) = said(client.get(WEEK, headers=staff))["items"]
    assert item["id"] == visit["id"]
    assert item["patient"] == {"name": "Zoë García-López", "birth_date": "1960-02-29"}
    (recipient,) = item["recipients"]
    assert (recipient["email"], recipient["phone"]) == ("Zoe@patients.example", "+14095550123")
    assert visit["token"] not in client.get(WEEK, headers=staff).text
    one = client.get(f"/v1/visits/{visit['id']}", headers=staff)
    assert said(one) == item
    assert one.headers["ETag"] == '"1"'
    assert one.headers["Cache-Control"] == "no-store"


def test_a_patient_still_sees_the_links_and_nobodys_contacts(client: FlaskClient) -> None:
    visit = booked(client, patient=ZOE)
    answer = client.get(f"/v1/visits/{visit['id']}", headers=patient_of(visit))
    assert said(answer)["links"]["manage"] == visit["links"]["manage"]
    assert "patients.example" not in answer.text.casefold()


def test_a_list_is_of_local_dates_by_start_and_filtered(client: FlaskClient, staff: Headers) -> None:
    late = booked(client, 1, start=at(8, 16, 30).isoformat(), practitioner="two")
    early = booked(client, 2, start=at(8, 9).isoformat(), practitioner="one")
    there = booked(client, 3, start=at(9, 9).isoformat(), mode="in_person", location="north")

    def listed(query: str) -> list[str]:
        return [each["id"] for each in said(client.get(f"/v1/visits?{query}", headers=staff))["items"]]

    day = "from=2026-12-08&to=2026-12-08"
    assert listed(day) == [early["id"], late["id"]]
    assert listed("from=2026-12-08&to=2026-12-09") == [early["id"], late["id"], there["id"]]
    assert listed(f"{day}&practitioner=two") == [late["id"]]
    assert listed("from=2026-12-01&to=2026-12-31&location=north") == [there["id"]]
    client.post(f"/v1/visits/{late['id']}/cancel", json={}, headers=staff)
    assert listed(f"{day}&status=cancelled") == [late["id"]]
    assert listed(f"{day}&status=booked") == [early["id"]]


def test_a_cursor_neither_repeats_nor_misses_while_visits_are_added(
    client: FlaskClient, staff: Headers
) -> None:
    first = [booked(client, n, start=at(8, 10 + n).isoformat(), practitioner="one")["id"] for n in range(4)]
    seen: list[str] = []
    path: str | None = f"{WEEK}&limit=2"
    while path:
        page = said(client.get(path, headers=staff))
        seen += [item["id"] for item in page["items"]]
        path = f"{WEEK}&limit=2&cursor={page['next']}" if page["next"] else None
        if len(seen) <= 4:  # one earlier, and one at the very start where the list stands
            booked(client, 10 + len(seen), start=at(7, 9 + len(seen)).isoformat(), practitioner="two")
            body = wish(at(8, 9), 50 + len(seen), practitioner="three")
            client.post("/v1/visits", json={**body, "start": page["items"][-1]["start"]})
    assert len(seen) == len(set(seen))
    assert set(first) <= set(seen)
    assert [one for one in seen if one in first] == first


@pytest.mark.parametrize("cursor", ["x", "W10", "bnVsbA", "WyIyMDI2LTEyLTA4IiwxXQ", "é" * 10, "A" * 400])
def test_a_cursor_that_was_never_given_is_refused(client: FlaskClient, staff: Headers, cursor: str) -> None:
    for path in (f"{WEEK}&cursor={cursor}", f"/v1/tasks?cursor={cursor}", f"/v1/time-off?cursor={cursor}"):
        headers = {**staff}
        answer = client.get(path, headers=headers)
        if answer.status_code != 403:
            (error,) = said(answer, 422)["errors"]
            assert (error["pointer"], error["code"]) == ("/cursor", "not-a-cursor")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("from=2026-12-09&to=2026-12-08", "wrong-order"),
        ("from=2026-01-01&to=2026-12-31", "too-wide"),
        ("from=2026-12-08&to=2026-12-08&limit=201", "out-of-range"),
        ("from=2026-12-08&to=2026-12-08&status=sleeping", "not-a-choice"),
        ("from=2026-12-08", "required"),
        ("from=2026-12-08&to=2026-12-08&name=Pat", "unknown-field"),
    ],
)
def test_a_list_is_asked_for_within_bounds(
    client: FlaskClient, staff: Headers, query: str, code: str
) -> None:
    assert said(client.get(f"/v1/visits?{query}", headers=staff), 422)["errors"][0]["code"] == code


# --------------------------------------------------------------------------------------------- search


def test_a_visit_is_found_by_each_thing_that_a_caller_says(client: FlaskClient, staff: Headers) -> None:
    visit = booked(client, patient=ZOE)
    booked(client, 1, start=at(9, 10).isoformat())
    reference = visit["reference"]
    for sought in (
        {"reference": reference},
        {"reference": reference.replace("-", "").lower()},
        {"email": "zoe@PATIENTS.example"},
        {"phone": "(409) 555-0123"},
        {"birth_date": "1960-02-29"},
        {"name": "zoe garcia lopez"},
        {"name": "López"},
        {"name": "LOPEZ", "birth_date": "1960-02-29", "phone": "+1 409 555 0123"},
    ):
        assert found(client, staff, **sought) == [visit["id"]], sought


def test_everything_that_is_said_has_to_fit(client: FlaskClient, staff: Headers) -> None:
    zoe = booked(client, patient=ZOE)
    ana = booked(client, patient=ANA, start=at(9, 10).isoformat())
    assert found(client, staff, name="Garcia Lopez") == [ana["id"], zoe["id"]], "the latest first"
    assert found(client, staff, email="zoe@patients.example", name="Ana Lopez") == [ana["id"]]
    assert found(client, staff, name="Lopez", birth_date="1960-02-29") == [zoe["id"]]
    assert found(client, staff, name="Zoe Lopez", phone="+14095550124") == []
    assert found(client, staff, name="Garcia") == [], "the surname is the last word"
    assert found(client, staff, reference="BBBB-BBBB") == []


def test_a_visit_is_found_by_the_contact_of_whoever_booked_it(client: FlaskClient, staff: Headers) -> None:
    booker = {
        "name": "Uma Example",
        "relationship": "daughter",
        "email": "uma@patients.example",
        "receives": "also",
    }
    visit = booked(client, booked_by=booker)
    assert found(client, staff, email="uma@patients.example") == [visit["id"]]


def test_a_search_says_something(client: FlaskClient, staff: Headers) -> None:
    answer = client.post("/v1/visits/search", json={"limit": 10}, headers=staff)
    assert said(answer, 422)["errors"][0]["code"] == "nothing-asked"


def test_a_search_goes_on_where_the_page_before_ended(client: FlaskClient, staff: Headers) -> None:
    visits = [booked(client, patient=ZOE, start=at(day, 10).isoformat())["id"] for day in (7, 8, 9)]
    body: dict[str, Any] = {"name": "Lopez", "limit": 2}
    page = said(client.post("/v1/visits/search", json=body, headers=staff))
    assert [item["id"] for item in page["items"]] == [visits[2], visits[1]]
    rest = client.post("/v1/visits/search", json={**body, "cursor": page["next"]}, headers=staff)
    assert [item["id"] for item in said(rest)["items"]] == [visits[0]]
    assert said(rest)["next"] is None


# ---------------------------------------------------------------------------------- history and audit


def test_the_history_of_a_visit_says_who_did_what_and_when(client: FlaskClient, staff: Headers) -> None:
    visit = booked(client)
    client.post(f"/v1/visits/{visit['id']}/arrive", json={}, headers=staff)
    client.post(f"/v1/visits/{visit['id']}/cancel", json={"reason": "clinic"}, headers=staff)
    events = said(client.get(f"/v1/visits/{visit['id']}/history", headers=staff))["items"]
    assert [(each["actor"], each["act"], each["to_status"], each["reason"]) for each in events] == [
        ("patient", "book", "booked", None),
        ("staff:front-desk", "arrive", "arrived", None),
        ("staff:front-desk", "cancel", "cancelled", "clinic"),
    ]
    assert client.get(f"/v1/visits/{uuid4()}/history", headers=staff).status_code == 404


def test_every_look_of_staff_is_an_audit_entry_with_ids_and_never_the_words(
    client: FlaskClient, run: Runtime, staff: Headers
) -> None:
    visit = booked(client, patient=ZOE)
    client.get(WEEK, headers=staff)
    client.post("/v1/visits/search", json={"name": "Lopez", "email": ZOE["email"]}, headers=staff)
    client.post("/v1/visits/search", json={"phone": "+14095550199"}, headers=staff)
    client.get(f"/v1/visits/{visit['id']}", headers=staff)
    client.get(f"/v1/visits/{visit['id']}/history", headers=staff)
    entries = audit(run)
    assert [(each.actor, each.act, each.object_id) for each in entries] == [
        ("staff:front-desk", "list", None),
        ("staff:front-desk", "search", None),
        ("staff:front-desk", "search", None),
        ("staff:front-desk", "read", visit["id"]),
        ("staff:front-desk", "read-history", visit["id"]),
    ]
    assert entries[0].detail == {"ids": [visit["id"]], "count": 1}
    assert entries[1].detail == {"by": ["email", "name"], "ids": [visit["id"]], "count": 1}
    assert entries[2].detail == {"by": ["phone"], "ids": [], "count": 0}
    assert not any(word in str(each.detail).casefold() for each in entries for word in ("lopez", "409", "@"))


def test_a_patients_own_look_and_a_refused_one_are_no_audit_entries(
    client: FlaskClient, run: Runtime, staff: Headers
) -> None:
    visit = booked(client)
    client.get(f"/v1/visits/{visit['id']}", headers=patient_of(visit))
    client.get(f"/v1/visits/{uuid4()}", headers=staff)
    client.get("/v1/visits?from=2026-12-08", headers=staff)
    assert audit(run) == []


def test_what_somebody_typed_as_a_name_comes_back_as_it_was(client: FlaskClient, staff: Headers) -> None:
    name = "=cmd|' /C calc'!A0 <img onerror=x> {{7*7}}"
    booked(client, patient=patient(7, name=name))
    (item,) = said(client.get(WEEK, headers=staff))["items"]
    assert item["patient"]["name"] == name
