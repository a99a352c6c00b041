"""Seeing one's own visit, and nobody else's."""

from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from scheduler.bootstrap import Runtime
from scheduler.db.models import Recipient
from tests.cast import at, wish


@pytest.fixture
def visit(client: FlaskClient) -> dict[str, Any]:
    made: dict[str, Any] = client.post("/v1/visits", json=wish(at(2, 10), 1)).get_json()
    return made


def show(client: FlaskClient, id: object, authorization: str | None) -> TestResponse:
    headers = {"Authorization": authorization} if authorization is not None else {}
    return client.get(f"/v1/visits/{id}", headers=headers)


def test_the_manage_token_opens_the_visit(client: FlaskClient, visit: dict[str, Any]) -> None:
    answer = show(client, visit["id"], f"Bearer {visit['token']}")
    assert answer.status_code == 200
    assert answer.get_json() == {name: value for name, value in visit.items() if name != "token"}
    assert (answer.headers["ETag"], answer.headers["Cache-Control"]) == ('"1"', "no-store")


def test_the_scheme_may_be_written_in_any_case(client: FlaskClient, visit: dict[str, Any]) -> None:
    for scheme in ("bearer", "BEARER", "Bearer "):
        assert show(client, visit["id"], f"{scheme} {visit['token']}").status_code == 200


@pytest.mark.parametrize("header", [None, "", "Bearer", "Basic cGF0Onh4", "Token x", "Bearer" + "x" * 600])
def test_a_caller_without_a_token_is_asked_for_one(
    client: FlaskClient, visit: dict[str, Any], header: str | None
) -> None:
    for id in (visit["id"], uuid4()):
        answer = show(client, id, header)
        assert (answer.status_code, answer.get_json()["type"]) == (401, "/problems/unauthorized")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_what_is_not_yours_cannot_be_told_from_what_is_not_there(
    client: FlaskClient, visit: dict[str, Any]
) -> None:
    other = client.post("/v1/visits", json=wish(at(2, 11), 2)).get_json()
    answers = [show(client, id, f"Bearer {other['token']}") for id in (visit["id"], uuid4())]
    assert all_alike(answers) == 404


def test_a_token_that_opens_nothing_is_the_same_whatever_the_reason(
    client: FlaskClient, run: Runtime, visit: dict[str, Any]
) -> None:
    join, known = visit["links"]["join"].rsplit("/", 2)[1], visit["token"]
    strange = [join, known.swapcase(), f"{known}=", "nonsense", "\u00ff\u00fe", "' OR 1=1 --", "vk_nonsense"]
    answers = [show(client, id, f"Bearer {each}") for each in strange for id in (visit["id"], uuid4())]
    with run.db.transaction() as session:
        session.execute(update(Recipient).values(link_generation=1))
    answers.append(show(client, visit["id"], f"Bearer {known}"))
    assert all_alike(answers) == 401


def all_alike(answers: list[TestResponse]) -> int:
    """The status of answers that differ in nothing but the id of the request."""
    seen = set()
    for answer in answers:
        body = answer.get_json()
        names = tuple(sorted(set(answer.headers.keys())))
        seen.add((answer.status_code, body["type"], body["title"], body["detail"], tuple(body), names))
    assert len(seen) == 1
    return answers[0].status_code


def test_looking_changes_nothing(client: FlaskClient, visit: dict[str, Any]) -> None:
    seen = {show(client, visit["id"], f"Bearer {visit['token']}").data for _ in range(5)}
    client.head(f"/v1/visits/{visit['id']}", headers={"Authorization": f"Bearer {visit['token']}"})
    assert len(seen) == 1
