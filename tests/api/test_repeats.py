"""What staff and programs enter: a request that is repeated after a lost answer makes one thing, not two."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from scheduler.bootstrap import Runtime
from scheduler.domain.scopes import Scope
from tests.api.people import Headers, said, staff_with
from tests.cast import at

KEY = "0123456789abcdef"


class Entry(NamedTuple):
    body: dict[str, Any]
    other: dict[str, Any]
    """What makes it another request."""
    table: str
    fresh: frozenset[str] = frozenset()
    """Fields that a repeat answers anew: what they held before was lost on its way."""


HOUR = {"practitioner": "one", "start": at(12, 9).isoformat(), "end": at(12, 10).isoformat()}
ENTERED = {
    "webhooks": Entry(
        {"label": "Records", "url": "https://records.example/hooks"}, {"label": "Other"}, "webhook_endpoints"
    ),
    "feeds": Entry({"label": "Rota"}, {"label": "Other"}, "calendar_feeds", frozenset({"address"})),
    "time-off": Entry(HOUR, {"practitioner": "two"}, "time_off"),
    "extra-hours": Entry({**HOUR, "modes": ["telemedicine"]}, {"practitioner": "two"}, "extra_hours"),
}


@pytest.fixture
def staff(run: Runtime) -> Headers:
    return {**staff_with(run, *Scope), "Idempotency-Key": KEY}


def enter(client: FlaskClient, staff: Headers, path: str, **more: Any) -> TestResponse:
    return client.post(f"/v1/{path}", json={**ENTERED[path].body, **more}, headers=staff)


def count(run: Runtime, table: str) -> int:
    with run.db.transaction() as session:
        return int(session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


@pytest.mark.parametrize("path", ENTERED)
def test_a_repeat_answers_what_the_first_one_made(
    client: FlaskClient, run: Runtime, staff: Headers, path: str
) -> None:
    first, again = enter(client, staff, path), enter(client, staff, path)
    assert (first.status_code, again.status_code) == (201, 201)
    assert ("Idempotency-Replayed" in first.headers, again.headers["Idempotency-Replayed"]) == (False, "true")
    assert first.headers.get("Location") == again.headers.get("Location")
    fresh = ENTERED[path].fresh
    one, other = first.get_json(), again.get_json()
    assert {name for name in one if one[name] != other[name]} == fresh
    assert count(run, ENTERED[path].table) == 1


@pytest.mark.parametrize("path", ENTERED)
def test_the_key_stands_for_one_body_and_without_one_each_request_counts(
    client: FlaskClient, run: Runtime, staff: Headers, path: str
) -> None:
    enter(client, staff, path)
    answer = enter(client, staff, path, **ENTERED[path].other)
    assert (answer.status_code, answer.get_json()["type"]) == (422, "/problems/idempotency-conflict")
    keyless = {name: value for name, value in staff.items() if name != "Idempotency-Key"}
    assert enter(client, keyless, path, **ENTERED[path].other).status_code == 201
    assert count(run, ENTERED[path].table) == 2


def test_many_repeats_at_once_make_one_webhook_with_one_secret(
    client: FlaskClient, run: Runtime, staff: Headers
) -> None:
    app = client.application
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: enter(app.test_client(), staff, "webhooks"), range(6)))
    bodies = [said(each, 201) for each in answers]
    assert len({(each["id"], each["secret"]) for each in bodies}) == 1
    assert count(run, "webhook_endpoints") == 1


def test_a_repeated_rotation_leaves_the_former_secret_signing(
    client: FlaskClient, run: Runtime, staff: Headers
) -> None:
    """Rotated twice, the secret that the receiver has would sign no more, and it never saw the new one."""
    made = enter(client, staff, "webhooks").get_json()
    path = f"/v1/webhooks/{made['id']}/rotate"
    first = client.post(path, json={}, headers=staff)
    again = client.post(path, json={}, headers=staff)
    assert first.get_json() == again.get_json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert first.get_json()["secret"] != made["secret"]
    later = client.post(path, json={}, headers={**staff, "Idempotency-Key": KEY[::-1]})
    assert later.get_json()["secret"] != first.get_json()["secret"]


def test_of_a_feed_the_address_that_arrives_is_the_one_that_counts(
    client: FlaskClient, staff: Headers
) -> None:
    lost, arrived = (enter(client, staff, "feeds").get_json()["address"] for _ in "ab")
    paths = [each.removeprefix("https://visits.example") for each in (lost, arrived)]
    assert [client.get(path).status_code for path in paths] == [404, 200]


@pytest.mark.parametrize("path", ["webhooks", "feeds"])
def test_a_repeat_after_it_was_taken_away_finds_nothing(
    client: FlaskClient, staff: Headers, path: str
) -> None:
    made = enter(client, staff, path).get_json()
    assert client.delete(f"/v1/{path}/{made['id']}", headers=staff).status_code == 200
    assert enter(client, staff, path).status_code == 404
