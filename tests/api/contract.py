"""The published contract, held against every answer that a test sees."""

import copy
import json
import re
from datetime import datetime
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from werkzeug.test import TestResponse

from scheduler.api.texts import texts

PROBLEM = "application/problem+json"
HERE = "urn:contract"

formats = FormatChecker(formats=["uuid"])


@formats.checks("date-time", raises=ValueError)
def _is_instant(value: object) -> bool:
    """RFC 3339: `fromisoformat` alone would take a time without an offset."""
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


class Contract:
    """`spec` is OpenAPI 3.1; a field that it does not name is as wrong as a missing one."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self._spec = copy.deepcopy(spec)
        for schema in self._spec["components"]["schemas"].values():
            if "properties" in schema:
                schema.setdefault("additionalProperties", False)
        resource = Resource.from_contents(self._spec, default_specification=DRAFT202012)
        # Crawled once: each validator would do it again.
        self._registry: Registry[Any] = Registry().with_resource(HERE, resource).crawl()
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
            self._check_body(answer, {"$ref": f"{HERE}#/components/schemas/Problem"})
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
        self._check_body(answer, {"$ref": f"{HERE}#/paths/{pointer}"})

    def _check_body(self, answer: TestResponse, schema: dict[str, Any]) -> None:
        validator = Draft202012Validator(schema, registry=self._registry, format_checker=formats)
        validator.validate(json.loads(answer.data) if "json" in (answer.mimetype or "") else answer.text)


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
