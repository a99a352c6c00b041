"""One key, one effect."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from scheduler.bootstrap import Runtime
from scheduler.db.models import IdempotencyKey, Visit
from scheduler.domain.actors import PUBLIC
from scheduler.services.ground.idempotency import forget
from tests.cast import at, wish

KEY = "0123456789abcdef"


def book(client: FlaskClient, body: dict[str, Any], key: str = KEY) -> TestResponse:
    return client.post("/v1/visits", json=body, headers={"Idempotency-Key": key})


def visits(run: Runtime) -> int:
    with run.db.transaction() as session:
        return session.execute(select(func.count()).select_from(Visit)).scalar_one()


def test_a_repeat_answers_with_the_same_visit_and_the_same_links(client: FlaskClient, run: Runtime) -> None:
    first, again = book(client, wish(at(2, 10))), book(client, wish(at(2, 10)))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.get_json() == again.get_json()
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    for name in ("Location", "ETag", "Cache-Control"):
        assert first.headers[name] == again.headers[name]
    assert visits(run) == 1


def test_a_repeat_shows_the_visit_as_it_is_now(client: FlaskClient, run: Runtime) -> None:
    book(client, wish(at(2, 10)))
    with run.db.transaction() as session:
        session.execute(update(Visit).values(version=2, sequence=1))
    again = book(client, wish(at(2, 10)))
    assert (again.status_code, again.headers["ETag"], again.get_json()["sequence"]) == (201, '"2"', 1)


def test_the_order_of_the_fields_and_white_space_do_not_make_another_body(client: FlaskClient) -> None:
    body = wish(at(2, 10))
    turned = {name: body[name] for name in reversed(body)}
    assert book(client, body).get_json()["id"] == book(client, turned).get_json()["id"]


def test_the_same_key_with_another_body_is_refused(client: FlaskClient, run: Runtime) -> None:
    book(client, wish(at(2, 10)))
    for other in (wish(at(2, 11)), wish(at(2, 10), 1), {**wish(at(2, 10)), "new_patient": None}):
        answer = book(client, other)
        assert (answer.status_code, answer.get_json()["type"]) == (422, "/problems/idempotency-conflict")
    assert visits(run) == 1


@pytest.mark.parametrize(
    ("key", "code"), [("", "too-short"), ("x" * 15, "too-short"), ("x" * 256, "too-long")]
)
def test_a_key_that_is_too_short_or_too_long_is_refused(client: FlaskClient, key: str, code: str) -> None:
    answer = book(client, wish(at(2, 10)), key)
    assert answer.status_code == 422
    assert [each["code"] for each in answer.get_json()["errors"]] == [code]


@pytest.mark.parametrize("key", ["x" * 16, "x" * 255, "ünïcödé-ünïcödé-", "'; DROP TABLE visits; --"])
def test_any_other_key_will_do(client: FlaskClient, key: str) -> None:
    assert book(client, wish(at(2, 10)), key).status_code == 201
    assert book(client, wish(at(2, 10)), key).headers["Idempotency-Replayed"] == "true"


def test_a_booking_that_was_refused_keeps_no_key(client: FlaskClient) -> None:
    for number in range(3):
        client.post("/v1/visits", json=wish(at(2, 10), number))
    assert book(client, wish(at(2, 10), 9)).status_code == 409
    assert book(client, wish(at(2, 11), 9)).status_code == 201, "the key is free for the alternative"


def test_a_faulty_booking_keeps_no_key(client: FlaskClient) -> None:
    assert book(client, wish(at(2, 8), 1)).status_code == 422
    assert book(client, {}).status_code == 422
    assert book(client, wish(at(2, 11), 1)).status_code == 201


def test_two_keys_are_two_bookings(client: FlaskClient, run: Runtime) -> None:
    book(client, wish(at(2, 10), 1), "a" * 16)
    book(client, wish(at(2, 10), 2), "b" * 16)
    assert visits(run) == 2


def test_a_repeat_works_long_after_the_time_was_last_offered(client: FlaskClient, run: Runtime) -> None:
    book(client, wish(at(2, 10)))
    with run.db.transaction() as session:
        session.execute(update(Visit).values(starts_at=at(1, 6), ends_at=at(1, 7)))
    assert book(client, wish(at(2, 10))).status_code == 201


def test_a_key_is_forgotten_after_a_day(client: FlaskClient, run: Runtime) -> None:
    book(client, wish(at(2, 10)))
    with run.db.transaction() as session:
        now = run.db.now(session)
        assert forget(session, now + timedelta(hours=23)) == 0
        assert forget(session, now + timedelta(hours=25)) == 1
        assert session.scalars(select(IdempotencyKey)).all() == []


def test_what_is_kept_of_the_body_is_a_hash(client: FlaskClient, run: Runtime) -> None:
    book(client, wish(at(2, 10)))
    with run.db.transaction() as session:
        row = session.scalars(select(IdempotencyKey)).one()
    assert (len(row.body_hash), row.status, row.caller) == (32, 201, str(PUBLIC))
