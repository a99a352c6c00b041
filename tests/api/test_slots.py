"""Free times as they are asked for and answered."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.cast import CENTRAL, NOW, at, wish

TUESDAY = {"visit_type": "follow-up", "mode": "telemedicine", "from": "2026-12-02", "to": "2026-12-02"}


def slots(client: FlaskClient, **more: object) -> dict[str, Any]:
    answer = client.get("/v1/slots", query_string={**TUESDAY, **more})
    assert answer.status_code == 200, answer.get_json()
    body: dict[str, Any] = answer.get_json()
    return body


def test_a_free_day_is_offered_every_quarter_of_an_hour_by_everybody(client: FlaskClient) -> None:
    body = slots(client)
    assert body["timezone"] == "America/Chicago"
    assert body["slots"][0] == {
        "start": "2026-12-02T09:00:00-06:00",
        "end": "2026-12-02T09:30:00-06:00",
        "location": None,
        "practitioners": ["one", "two", "three"],
    }
    assert body["slots"][-1]["end"] == "2026-12-02T17:00:00-06:00"
    assert len(body["slots"]) == 31
    assert body["next_available"] == body["slots"][0]["start"]


def test_a_booked_time_is_no_longer_offered_by_whoever_gives_it(client: FlaskClient) -> None:
    made = client.post("/v1/visits", json=wish(at(2, 10), practitioner="one")).get_json()
    assert made["practitioner"] == "one"
    by_start = {each["start"]: each["practitioners"] for each in slots(client)["slots"]}
    assert by_start["2026-12-02T10:00:00-06:00"] == ["two", "three"]
    assert by_start["2026-12-02T09:45:00-06:00"] == ["two", "three"]
    assert by_start["2026-12-02T10:30:00-06:00"] == ["one", "two", "three"]


def test_a_cancelled_visit_leaves_the_answer_as_it_was_to_the_byte(client: FlaskClient) -> None:
    week = {**TUESDAY, "to": "2026-12-08"}
    before = client.get("/v1/slots", query_string=week).data
    made = client.post("/v1/visits", json=wish(at(3, 10), practitioner="one")).get_json()
    meanwhile = client.get("/v1/slots", query_string=week).data
    bearer = {"Authorization": f"Bearer {made['token']}"}
    client.post(f"/v1/visits/{made['id']}/cancel", json={}, headers=bearer)
    assert client.get("/v1/slots", query_string=week).data == before != meanwhile


def test_one_start_in_two_locations_is_two_entries(client: FlaskClient) -> None:
    first, second = slots(client, mode="in_person")["slots"][:2]
    assert first["start"] == second["start"]
    assert {first["location"], second["location"]} == {"main", "north"}


def test_a_wish_for_somebody_or_somewhere_is_granted(client: FlaskClient) -> None:
    mine = slots(client, practitioner="two")["slots"]
    assert {tuple(each["practitioners"]) for each in mine} == {("two",)}
    there = slots(client, mode="in_person", location="north")["slots"]
    assert {each["location"] for each in there} == {"north"}


def test_a_limit_cuts_the_list_and_not_the_next_free_time(client: FlaskClient) -> None:
    body = slots(client, limit=2)
    assert len(body["slots"]) == 2
    assert body["next_available"] == "2026-12-02T09:00:00-06:00"


def test_closed_days_offer_nothing_and_name_the_next_free_time(client: FlaskClient) -> None:
    weekend = slots(client, **{"from": "2026-12-05", "to": "2026-12-06"})
    assert weekend["slots"] == []
    assert weekend["next_available"] == "2026-12-07T09:00:00-06:00"
    christmas = slots(client, **{"from": "2026-12-25", "to": "2026-12-25"})
    assert christmas["slots"] == []
    assert christmas["next_available"] == "2026-12-28T09:00:00-06:00"


def test_today_begins_after_the_notice(client: FlaskClient) -> None:
    today = slots(client, **{"from": "2026-12-01", "to": "2026-12-01"})["slots"]
    first = datetime.fromisoformat(today[0]["start"])
    assert timedelta(hours=4) <= first - NOW <= timedelta(hours=4, minutes=20)


def test_behind_the_horizon_there_is_nothing(client: FlaskClient) -> None:
    far = (NOW + timedelta(days=91)).date().isoformat()
    body = slots(client, **{"from": far, "to": far})
    assert (body["slots"], body["next_available"]) == ([], None)


def test_the_past_offers_nothing(client: FlaskClient) -> None:
    body = slots(client, **{"from": "1999-01-01", "to": "1999-01-02"})
    assert body["slots"] == []
    assert datetime.fromisoformat(body["next_available"]).astimezone(CENTRAL).date() == at(1, 0).date()


def test_sixty_two_days_fit_into_one_question(client: FlaskClient) -> None:
    assert len(slots(client, **{"from": "2026-12-02", "to": "2027-02-01"})["slots"]) > 1_000


BAD = [
    ({"visit_type": None}, "/visit_type", "required"),
    ({"visit_type": ""}, "/visit_type", "too-short"),
    ({"visit_type": "x" * 65}, "/visit_type", "too-long"),
    ({"visit_type": "nothing"}, "/visit_type", "unknown"),
    ({"visit_type": "follow-up\x00"}, "/visit_type", "control-characters"),
    ({"visit_type": "follow\r\nup"}, "/visit_type", "control-characters"),
    ({"visit_type": "limited", "mode": "in_person"}, "/mode", "not-offered"),
    ({"mode": None}, "/mode", "required"),
    ({"mode": "phone"}, "/mode", "not-a-choice"),
    ({"mode": "telemedicine\x00"}, "/mode", "not-a-choice"),
    ({"from": None}, "/from", "required"),
    ({"from": "2026-02-30"}, "/from", "not-a-date"),
    ({"from": "2026-13-01"}, "/from", "not-a-date"),
    ({"from": "12/02/2026"}, "/from", "not-a-date"),
    ({"from": "tomorrow"}, "/from", "not-a-date"),
    ({"from": ""}, "/from", "not-a-date"),
    ({"from": "0"}, "/from", "not-a-date"),
    ({"from": "1796169600"}, "/from", "not-a-date"),
    ({"from": "2026-12-02T00:00:00"}, "/from", "not-a-date"),
    ({"from": "9999-12-31"}, "/from", "out-of-range"),
    ({"from": "0001-01-01"}, "/from", "out-of-range"),
    ({"to": "9999-12-31"}, "/to", "out-of-range"),
    ({"to": None}, "/to", "required"),
    ({"to": "2026-12-01"}, "", "wrong-order"),
    ({"to": "2027-02-02"}, "", "too-wide"),
    ({"practitioner": "nobody"}, "/practitioner", "unknown"),
    ({"practitioner": "\N{LINE SEPARATOR}"}, "/practitioner", "control-characters"),
    ({"location": "nowhere", "mode": "in_person"}, "/location", "unknown"),
    ({"location": "main"}, "/location", "not-offered"),
    ({"limit": "0"}, "/limit", "out-of-range"),
    ({"limit": "10001"}, "/limit", "out-of-range"),
    ({"limit": "many"}, "/limit", "wrong-type"),
    ({"limit": "1.5"}, "/limit", "wrong-type"),
    ({"wish": "x"}, "/wish", "unknown-field"),
    ({"a/b~c": "x"}, "/a~1b~0c", "unknown-field"),
]


@pytest.mark.parametrize(("change", "pointer", "code"), BAD, ids=lambda value: str(value)[:40])
def test_a_faulty_question_is_answered_with_where_and_why(
    client: FlaskClient, change: dict[str, str | None], pointer: str, code: str
) -> None:
    asked = {key: value for key, value in {**TUESDAY, **change}.items() if value is not None}
    answer = client.get("/v1/slots", query_string=asked)
    assert answer.status_code == 422
    assert [(each["pointer"], each["code"]) for each in answer.get_json()["errors"]] == [(pointer, code)]


def test_a_parameter_that_stands_there_twice_is_refused(client: FlaskClient) -> None:
    answer = client.get("/v1/slots", query_string=[*TUESDAY.items(), ("mode", "in_person")])
    assert answer.status_code == 422
    assert [(each["pointer"], each["code"]) for each in answer.get_json()["errors"]] == [
        ("/mode", "repeated")
    ]


def test_bytes_that_are_no_text_are_not_a_server_error(client: FlaskClient) -> None:
    query = "&".join(f"{key}={value}" for key, value in TUESDAY.items())
    for strange in ("%ff%fe", "%ED%A0%80", "%00", "%c0%af"):
        assert client.get(f"/v1/slots?{query}&practitioner={strange}").status_code == 422
        assert client.get(f"/v1/slots?{query}&{strange}=1").status_code == 422
