"""Staff and patients as the API knows them."""

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from scheduler.bootstrap import Runtime
from scheduler.domain.scopes import Scope
from scheduler.services.accounts.access import create_key
from tests.cast import at, wish

Headers = dict[str, str]


def staff_with(run: Runtime, *scopes: Scope, name: str = "front-desk") -> Headers:
    """Headers of somebody with a key of these scopes."""
    with run.db.transaction() as session:
        key = create_key(session, name, frozenset(scopes), run.db.now(session))
    return {"Authorization": f"Bearer {key}"}


def booked(client: FlaskClient, number: int = 0, **more: object) -> dict[str, Any]:
    """A visit, on Tuesday in a week at 10:00 where nothing else is said."""
    body = {**wish(at(8, 10), number), **more}
    answer = client.post("/v1/visits", json=body)
    return said(answer, 201)


def patient_of(visit: dict[str, Any]) -> Headers:
    return {"Authorization": f"Bearer {visit['token']}"}


def said(answer: TestResponse, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.get_json()
    return body
