"""The contract: OpenAPI 3.1 at /openapi.json, and the same for people at /docs, without a third party."""

import re
from http import HTTPStatus
from typing import Any

from apiflask import APIBlueprint, APIFlask
from flask import current_app, render_template, url_for

from scheduler.api.languages import language
from scheduler.api.schemas.problems import ProblemOut
from scheduler.api.texts import texts
from scheduler.domain.errors import NotFound

blueprint = APIBlueprint(
    "openapi_pages",
    __name__,
    template_folder="templates",
    static_folder="static",
    static_url_path="/docs/static",
    enable_openapi=False,
)

KEY = "visits.docs"
PROBLEM = "application/problem+json"
VIEW = re.compile(r"^[a-z]+_[a-z]+_")
"""What APIFlask puts before the name of a view: method and blueprint."""
EVERYWHERE = ("422", "503")
LIMITED = "429"
UNLIMITED = "Operations"
"""The tag of what is not counted."""
WITH_BODY = ("413", "415")


@blueprint.get("/docs")
def docs() -> str:
    """The contract as a page: rendered once, since it takes long and nobody has to wait between two calls."""
    app = current_app
    assert isinstance(app, APIFlask)
    if KEY not in app.extensions:
        page = render_template("docs.html", spec=app.spec, spec_url=url_for("openapi.spec"))
        app.extensions[KEY] = page
    return str(app.extensions[KEY])


@blueprint.get("/problems/<slug>")
def show_problem(slug: str) -> str:
    """What a problem's `type` leads to."""
    text = texts(language())["problems"].get(slug)
    if text is None:
        raise NotFound
    return render_template("problem.html", text=text, language=language())


def complete(spec: dict[str, Any] | str) -> dict[str, Any]:
    """Adds what every operation shares: problems as the only shape of errors, bodies that are required."""
    assert isinstance(spec, dict)
    schemas = spec["components"]["schemas"]
    problem = ProblemOut.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs"))
    schemas["Problem"] = problem
    for name in ("HTTPError", "ValidationError"):
        schemas.pop(name, None)
    for path in spec["paths"].values():
        for operation in path.values():
            _describe_errors(operation)
            _spell_headers(operation)
            operation["operationId"] = VIEW.sub("", operation["operationId"])
    spec["tags"] = list({tag["name"]: tag for tag in spec["tags"]}.values())
    spec["paths"] = dict(sorted(spec["paths"].items()))
    return spec


def _describe_errors(operation: dict[str, Any]) -> None:
    answers = operation["responses"]
    body = operation.get("requestBody")
    if body:
        body["required"] = True
    limited = UNLIMITED not in operation["tags"]
    for status in (*EVERYWHERE, *(WITH_BODY if body else ()), *([LIMITED] if limited else [])):
        answers.setdefault(status, {"description": HTTPStatus(int(status)).phrase})
    if limited:
        seconds = {"schema": {"type": "integer"}, "description": "Seconds"}
        answers[LIMITED]["headers"] = {"Retry-After": seconds}
    answers.setdefault("default", {"description": "Any other problem"})
    for status, answer in answers.items():
        if (status == "default" or int(status) >= 400) and _is_apiflasks(answer):
            answer["content"] = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}


def _is_apiflasks(answer: dict[str, Any]) -> bool:
    """Whether nobody said what the answer looks like, so that APIFlask assumed its own shape of errors."""
    return not answer.get("content") or "schemas/HTTPError" in str(answer["content"])


def _spell_headers(operation: dict[str, Any]) -> None:
    """`idempotency-key` as people write it: Idempotency-Key."""
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "header":
            parameter["name"] = parameter["name"].title()
