"""Booking over HTTP: what is answered, and what is refused."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from scheduler.bootstrap import Runtime
from scheduler.db.models import Message, Recipient, Visit
from tests.cast import CENTRAL, NOW, at, patient, wish


def booked(client: FlaskClient, body: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = client.post("/v1/visits", json=body, **more)
    assert answer.status_code == 201, answer.get_json()
    made: dict[str, Any] = answer.get_json()
    return made


def refused(client: FlaskClient, body: dict[str, Any], status: int, slug: str) -> dict[str, Any]:
    answer = client.post("/v1/visits", json=body)
    said: dict[str, Any] = answer.get_json()
    assert (answer.status_code, said["type"]) == (status, f"/problems/{slug}"), said
    return said


def test_a_booking_answers_with_the_visit_and_what_opens_it(client: FlaskClient) -> None:
    answer = client.post("/v1/visits", json=wish(at(2, 10), practitioner="two", new_patient=False))
    body = answer.get_json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/v1/visits/{body['id']}"
    assert answer.headers["ETag"] == '"1"'
    assert answer.headers["Cache-Control"] == "no-store"
    token = body.pop("token")
    assert body.pop("links") == {
        "manage": f"https://visits.example/v/{token}",
        "join": body_join(body, answer.get_json()),
    }
    assert UUID(body.pop("id")).version == 4
    assert len(body.pop("reference")) == 9
    assert body == {
        "status": "booked",
        "visit_type": "follow-up",
        "label": "Follow-up",
        "mode": "telemedicine",
        "start": "2026-12-02T10:00:00-06:00",
        "end": "2026-12-02T10:30:00-06:00",
        "timezone": "America/Chicago",
        "practitioner": "two",
        "location": None,
        "state": "TX",
        "needs": [],
        "sequence": 0,
        "confirmed_at": None,
        "notify": "email",
        "recipients": [{"role": "patient", "receives": True, "relationship": None}],
    }


def body_join(_: dict[str, Any], whole: dict[str, Any]) -> str:
    """The join link is another one than the manage link."""
    join: str = whole["links"]["join"]
    assert join.startswith("https://visits.example/v/")
    assert join.endswith("/join")
    assert whole["token"] not in join
    return join


def test_an_in_person_visit_has_a_place_and_nothing_to_join(client: FlaskClient) -> None:
    made = booked(client, wish(at(2, 10), mode="in_person", location="north"))
    assert (made["location"], made["practitioner"], made["links"]["join"]) == ("north", "three", None)


def test_a_visit_that_staff_approve_is_pending(client: FlaskClient) -> None:
    made = booked(client, wish(at(2, 10), visit_type="reviewed"))
    assert (made["status"], made["end"]) == ("pending", "2026-12-02T10:45:00-06:00")


def test_somebody_without_an_email_is_called(client: FlaskClient, run: Runtime) -> None:
    by_phone = patient(1, email=None, phone="(409) 555-0123")
    assert booked(client, {**wish(at(2, 10)), "patient": by_phone})["notify"] == "call"
    with run.db.transaction() as session:
        assert set(session.scalars(select(Message.channel))) == {"call"}


def test_the_label_is_in_the_patients_language(client: FlaskClient) -> None:
    spanish = {**wish(at(2, 10)), "patient": patient(1, language="es")}
    assert booked(client, spanish)["label"] == "Seguimiento"
    asked = {"Accept-Language": "es-MX,en;q=0.5"}
    assert booked(client, wish(at(2, 11), 2), headers=asked)["label"] == "Seguimiento"
    unheard = {"Accept-Language": "fr"}
    assert booked(client, wish(at(2, 12), 3), headers=unheard)["label"] == "Follow-up"


def test_an_instant_may_be_written_with_any_offset(client: FlaskClient) -> None:
    starts = ["2026-12-02T16:00:00Z", "2026-12-03T01:00:00+09:00", "2026-12-02t10:00-06:00"]
    made = [booked(client, {**wish(at(2, 10), n), "start": start}) for n, start in enumerate(starts)]
    assert {each["start"] for each in made} == {"2026-12-02T10:00:00-06:00"}
    assert {each["practitioner"] for each in made} == {"one", "two", "three"}


PHONES = [
    "(409) 555-0123",
    "409-555-0123",
    "409.555.0123",
    "409 555 0123",
    "409/555-0123",
    "4095550123",
    "14095550123",
    "1-409-555-0123",
    "1 (409) 555-0123",
    "+1 409 555 0123",
    "+1(409)555-0123",
    "+14095550123",
    "011 1 409 555 0123",
    "tel:+1-409-555-0123",
    "  409 555 0123  ",
    "409\N{NO-BREAK SPACE}555\N{NO-BREAK SPACE}0123",
    "(409) 555\N{EN DASH}0123",
    "409\N{NON-BREAKING HYPHEN}555\N{NON-BREAKING HYPHEN}0123",
    "\N{FULLWIDTH DIGIT FOUR}09 555 0123",
]


def test_any_way_of_writing_a_phone_number_is_understood(client: FlaskClient, run: Runtime) -> None:
    quarters = (at(2, 9) + timedelta(minutes=30 * n) for n in range(40))
    for number, start in zip(PHONES, quarters, strict=False):
        day = start if start < at(2, 17) else start + timedelta(hours=16)
        who = patient(1, email=None, phone=number)
        booked(client, {**wish(day), "patient": who})
    with run.db.transaction() as session:
        known = {
            run.desk.secrets.vault.open("recipients.phone", each.id, each.phone)
            for each in session.scalars(select(Recipient))
            if each.phone
        }
        patients = set(session.scalars(select(Visit.patient_id)))
    assert known == {"+14095550123"}
    assert len(patients) == 1, "however the number is written, it is the same person"


STRANGE_NAMES = [
    "Pat {{7*7}}",
    "Pat ${7*7} %s {0}",
    '<img src=x onerror="alert(1)">',
    "Robert'); DROP TABLE visits;--",
    "Pat \\ \" ' ` ; , : BEGIN:VEVENT",
    "=cmd|'/c calc'!A1",
    "\N{RIGHT-TO-LEFT OVERRIDE}taP",
    "Zoë Ångström-O’Neil",
    "李小龍",
    "ﷺ" * 20 + "a",
]


@pytest.mark.parametrize("name", STRANGE_NAMES)
def test_a_strange_name_stays_what_was_typed(client: FlaskClient, run: Runtime, name: str) -> None:
    booked(client, {**wish(at(2, 10)), "patient": patient(1, name=name)})
    with run.db.transaction() as session:
        recipient = session.scalars(select(Recipient)).one()
    assert run.desk.secrets.vault.open("recipients.name", recipient.id, recipient.name) == name


@pytest.mark.parametrize("which", range(5))
def test_a_taken_time_names_others_that_can_really_be_booked(client: FlaskClient, which: int) -> None:
    for number in range(3):
        booked(client, wish(at(2, 10), number))
    said = refused(client, wish(at(2, 10), 9), 409, "slot-taken")
    assert len(said["alternatives"]) == 5
    other = said["alternatives"][which]
    start = datetime.fromisoformat(other["start"])
    assert other["start"].endswith("-06:00")
    assert timedelta(0) < start - NOW < timedelta(days=9)
    made = booked(client, wish(start, 9, practitioner=other["practitioners"][-1]))
    assert (made["start"], made["end"]) == (other["start"], other["end"])


def test_alternatives_keep_to_the_wish(client: FlaskClient) -> None:
    asked = {"mode": "in_person", "location": "main", "practitioner": "two"}
    booked(client, wish(at(2, 10), 1, **asked))
    said = refused(client, wish(at(2, 10), 2, **asked), 409, "slot-taken")
    assert {each["location"] for each in said["alternatives"]} == {"main"}
    assert {tuple(each["practitioners"]) for each in said["alternatives"]} == {("two",)}


def test_a_full_clinic_has_no_alternatives(client: FlaskClient) -> None:
    for day in range(1, 12):
        for hour in (11, 12):
            client.post("/v1/visits", json=wish(at(day, hour), day * 24 + hour, visit_type="limited"))
    said = refused(client, wish(at(2, 15), 500, visit_type="limited"), 409, "slot-taken")
    assert said["alternatives"] == []


def test_somebody_cannot_be_in_two_places(client: FlaskClient) -> None:
    booked(client, wish(at(2, 10), 1, practitioner="one"))
    said = refused(client, wish(at(2, 10, 15), 1, practitioner="two"), 409, "already-booked")
    assert set(said) == {"type", "title", "status", "detail", "instance", "phone"}, "no particulars"
    assert "10:" not in json.dumps(said)
    booked(client, wish(at(2, 10, 30), 1, practitioner="two"))


NOT_OFFERED = {
    "before opening": at(2, 8, 45),
    "over the closing": at(2, 16, 45),
    "off the step": at(2, 10, 5),
    "off the step by a second": at(2, 10) + timedelta(seconds=1),
    "on a Saturday": at(5, 10),
    "on a holiday": at(25, 10),
    "within the notice": at(1, 9),
    "in the past": at(1, 10) - timedelta(days=7),
    "long ago": at(1, 10).replace(year=1950),
    "behind the horizon": at(1, 10) + timedelta(days=98),
    "in seventy years": at(1, 10).replace(year=2096),
}


@pytest.mark.parametrize("start", NOT_OFFERED.values(), ids=NOT_OFFERED.keys())
def test_what_is_never_offered_is_refused_and_not_shown_either(client: FlaskClient, start: datetime) -> None:
    refused(client, wish(start), 422, "slot-not-offered")
    day = start.astimezone(CENTRAL).date().isoformat()
    query = {"visit_type": "follow-up", "mode": "telemedicine", "from": day, "to": day}
    shown = client.get("/v1/slots", query_string=query).get_json()["slots"]
    assert start not in [datetime.fromisoformat(each["start"]) for each in shown]


def test_whatever_is_shown_can_be_booked(client: FlaskClient) -> None:
    query = {"visit_type": "buffered", "mode": "in_person", "from": "2026-12-01", "to": "2027-03-31"}
    query["to"] = "2027-01-31"
    shown = client.get("/v1/slots", query_string=query).get_json()["slots"]
    for number, slot in enumerate(shown[:: len(shown) // 12]):
        body = wish(at(2, 10), number, visit_type="buffered", mode="in_person")
        booked(client, {**body, "start": slot["start"], "location": slot["location"]})


def test_somebody_who_does_not_give_this_visit_is_not_offered(client: FlaskClient) -> None:
    refused(client, wish(at(2, 10), visit_type="limited", practitioner="two"), 422, "slot-not-offered")
    elsewhere = wish(at(2, 10), mode="in_person", practitioner="one", location="north")
    refused(client, elsewhere, 422, "slot-not-offered")


def test_a_patient_who_comes_again_is_recognised(client: FlaskClient, run: Runtime) -> None:
    first = patient(1, name="Zoë  Example", email="Zoe@patients.example", phone="(409) 555-0123")
    again = patient(1, name="zoe example", email="zoe@PATIENTS.example")
    booked(client, {**wish(at(2, 10)), "patient": first})
    booked(client, {**wish(at(2, 11)), "patient": again})
    booked(client, {**wish(at(2, 12)), "patient": {**again, "birth_date": "1999-09-09"}})
    with run.db.transaction() as session:
        by_start = list(session.scalars(select(Visit.patient_id).order_by(Visit.starts_at)))
    assert by_start[0] == by_start[1] != by_start[2]
