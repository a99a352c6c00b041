"""What watches the answers of all other tests sees what is wrong with one."""

from typing import Any

import pytest
from flask import Flask, jsonify, request
from flask.testing import FlaskClient
from jsonschema_rs import ValidationError

from tests.api.contract import Contract, watched

THING = {
    "type": "object",
    "required": ["id", "at"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "at": {"type": "string", "format": "date-time"},
        "day": {"type": "string", "format": "date"},
        "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Part"}},
    },
}
PART = {"type": "object", "properties": {"name": {"type": "string"}}}
ANSWERS = {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}}
SPEC = {
    "components": {"schemas": {"Thing": THING, "Part": PART, "Problem": {"type": "object"}}},
    "paths": {"/things/{id}": {"post": {"responses": ANSWERS}}},
}
GOOD = {"id": "00000000-0000-4000-8000-000000000000", "at": "2026-12-01T12:00:00Z"}


@pytest.fixture
def echo() -> FlaskClient:
    """Answers with what it is asked, and the status that is asked for."""
    app = Flask(__name__)
    app.post("/things/<id>")(lambda id: (jsonify(request.get_json()), int(request.args.get("status", 200))))
    return watched(app, Contract(SPEC))


@pytest.mark.parametrize("more", [{}, {"day": "2026-12-01"}, {"parts": [{"name": "a"}, {}]}])
def test_what_is_promised_passes(echo: FlaskClient, more: dict[str, Any]) -> None:
    assert echo.post("/things/1", json={**GOOD, **more}).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "1"},
        {"at": "2026-12-01T12:00:00"},  # without an offset
        {"at": "tomorrow"},
        {"at": None},
        {"day": "2026-12-32"},
        {"more": 1},
        {"parts": [{"name": 1}]},
        {"parts": [{"more": 1}]},
    ],
)
def test_what_is_not_promised_fails_the_test_that_sees_it(echo: FlaskClient, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        echo.post("/things/1", json={**GOOD, **wrong})


def test_what_is_missing_fails_the_test_that_sees_it(echo: FlaskClient) -> None:
    with pytest.raises(ValidationError, match="at"):
        echo.post("/things/1", json={"id": GOOD["id"]})


def test_a_status_that_is_not_promised_fails_the_test_that_sees_it(echo: FlaskClient) -> None:
    with pytest.raises(AssertionError, match="promises no 201"):
        echo.post("/things/1?status=201", json=GOOD)
