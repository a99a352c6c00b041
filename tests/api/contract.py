"""The published contract, held against every answer that a test sees."""

import copy
import json
import re
from datetime import datetime
from typing import Any
from urllib.parse import quote

from flask import Flask
from flask.testing import FlaskClient
from jsonschema_rs import Draft202012Validator, Registry
from werkzeug.test import TestResponse

from scheduler.api.texts import texts

PROBLEM = "application/problem+json"
HERE = "urn:contract"


def _is_instant(value: str) -> bool:
    """RFC 3339: `fromisoformat` alone would take a time without an offset."""
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


class Contract:
    """`spec` is OpenAPI 3.1; a field that it does not name is as wrong as a missing one."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self._spec = copy.deepcopy(spec)
        for schema in self._spec["components"]["schemas"].values():
            if "properties" in schema:
                schema.setdefault("additionalProperties", False)
        self._registry = Registry([(HERE, self._spec)])
        self._validators: dict[str, Draft202012Validator] = {}
        self._paths = {
            re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))): (path, operations)
            for path, operations in self._spec["paths"].items()
        }

    def check(self, answer: TestResponse) -> None:
        """Fails where an answer is not what the contract promises."""
        method, path = answer.request.method.lower(), answer.request.path
        found = next(((p, ops) for pattern, (p, ops) in self._paths.items() if pattern.fullmatch(path)), None)
        if found and method in found[1]:
            self._check_operation(answer, found[0], method)
        elif answer.status_code >= 400 and method != "head":
            self._check_body(answer, "components/schemas/Problem")
        if answer.status_code >= 400 and answer.mimetype == PROBLEM and method != "head":
            check_problem(answer)

    def _check_operation(self, answer: TestResponse, path: str, method: str) -> None:
        promised = self._spec["paths"][path][method]["responses"]
        status = str(answer.status_code)
        assert status in promised or "default" in promised, f"{method} {path} promises no {status}"
        name = status if status in promised else "default"
        content = promised[name].get("content", {})
        if status in ("204", "304"):
            assert (answer.data, content) == (b"", {})
            return
        assert answer.mimetype, "what is answered has a type"
        assert answer.mimetype in content, f"{method} {path} promises no {answer.mimetype} with {status}"
        where = [path, method, "responses", name, "content", answer.mimetype, "schema"]
        pointer = "/".join(part.replace("~", "~0").replace("/", "~1") for part in where)
        self._check_body(answer, f"paths/{pointer}")

    def _check_body(self, answer: TestResponse, pointer: str) -> None:
        validator = self._validators.get(pointer) or self._validator(pointer)
        validator.validate(json.loads(answer.data) if "json" in (answer.mimetype or "") else answer.text)

    def _validator(self, pointer: str) -> Draft202012Validator:
        """Made once, and remembered."""
        self._validators[pointer] = Draft202012Validator(
            {"$ref": f"{HERE}#/{quote(pointer)}"},
            registry=self._registry,
            validate_formats=True,
            formats={"date-time": _is_instant},
        )
        return self._validators[pointer]


def check_problem(answer: TestResponse) -> None:
    """What every problem has, and the schema cannot say."""
    body = json.loads(answer.data)
    slug = body["type"].removeprefix("/problems/")
    words = texts(answer.headers["Content-Language"])["problems"]
    assert body["status"] == answer.status_code
    assert slug in words, "its type leads to a page"
    assert (body["title"], body["detail"]) == (words[slug]["title"], words[slug]["detail"])
    assert body["instance"] == answer.headers["X-Request-Id"]


def watched(app: Flask, contract: Contract) -> FlaskClient:
    """A client of the application whose every answer is held against the contract."""

    class Watched(FlaskClient):
        def open(self, *args: Any, **kwargs: Any) -> TestResponse:
            answer = super().open(*args, **kwargs)
            contract.check(answer)
            return answer

    return Watched(app, app.response_class)
