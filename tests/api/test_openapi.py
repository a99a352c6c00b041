"""The contract itself: valid, complete, readable, ours alone."""

import re
from typing import Any

import pytest
from flask import template_rendered
from flask.testing import FlaskClient
from openapi_spec_validator import OpenAPIV31SpecValidator

from scheduler.app import create_app
from scheduler.bootstrap import Runtime


@pytest.fixture
def spec(client: FlaskClient) -> dict[str, Any]:
    answer = client.get("/openapi.json")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    read: dict[str, Any] = answer.get_json()
    return read


def operations(spec: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, methods in spec["paths"].items()
        for method, operation in methods.items()
    }


def test_the_contract_is_valid_openapi(spec: dict[str, Any]) -> None:
    assert spec["openapi"].startswith("3.1")
    assert [error.message for error in OpenAPIV31SpecValidator(spec).iter_errors()] == []


def test_every_route_of_the_api_is_in_the_contract(spec: dict[str, Any], run: Runtime) -> None:
    rules = create_app(run).url_map.iter_rules()
    placeholder = re.compile(r"<(?:\w+:)?(\w+)>")
    routes = {
        method + " " + placeholder.sub(r"{\1}", rule.rule)
        for rule in rules
        if rule.rule.startswith(("/v1/", "/health/", "/calendars/"))
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert routes == set(operations(spec))


def test_every_operation_says_what_it_is_and_what_can_happen(spec: dict[str, Any]) -> None:
    for name, operation in operations(spec).items():
        assert operation["summary"], name
        assert operation["tags"], name
        assert operation["operationId"], name
        good = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
        assert good, name
        for status, answer in operation["responses"].items():
            if status == "204":
                assert "content" not in answer, name
            elif status.startswith("2"):
                assert all("schema" in media for media in answer["content"].values()), name
        if not name.startswith("GET /health/"):
            problems = operation["responses"]["default"]["content"]
            assert list(problems) == ["application/problem+json"], name


def test_operation_ids_are_words_and_stand_alone(spec: dict[str, Any]) -> None:
    ids = [operation["operationId"] for operation in operations(spec).values()]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", id) for id in ids), ids


def test_the_booking_says_that_it_may_come_too_late(spec: dict[str, Any]) -> None:
    responses = operations(spec)["POST /v1/visits"]["responses"]
    assert {"201", "409", "413", "415", "422", "503"} <= set(responses)


def test_whatever_is_about_one_visit_asks_for_a_token(spec: dict[str, Any]) -> None:
    for name, operation in operations(spec).items():
        if "/v1/visits/{id}" in name:
            (scheme,) = operation["security"][0]
            described = spec["components"]["securitySchemes"][scheme]
            assert (described["type"], described["scheme"]) == ("http", "bearer"), name


def test_every_reference_leads_somewhere(spec: dict[str, Any]) -> None:
    references = set(re.findall(r"#/components/schemas/([\w.]+)", str(spec)))
    assert references <= set(spec["components"]["schemas"])


def test_the_contract_is_the_same_each_time(client: FlaskClient, run: Runtime) -> None:
    assert client.get("/openapi.json").data == create_app(run).test_client().get("/openapi.json").data


def test_the_page_shows_every_operation_and_every_object(client: FlaskClient, spec: dict[str, Any]) -> None:
    page = client.get("/docs")
    assert (page.status_code, page.mimetype) == (200, "text/html")
    for name, operation in operations(spec).items():
        assert name in page.text
        assert operation["summary"] in page.text
    for name in spec["components"]["schemas"]:
        assert f'id="{name}"' in page.text


def test_the_page_is_rendered_once_in_the_life_of_a_process(run: Runtime) -> None:
    """It takes a fifth of a second, and nobody counts who asks for it."""
    rendered: list[str] = []
    app = create_app(run)
    with template_rendered.connected_to(lambda _, template, **__: rendered.append(template.name), app):
        asked = [{"Accept-Language": each} for each in ("en", "es", "de")]  # it is written in English alone
        pages = {app.test_client().get("/docs", headers=each).text for each in asked}
    assert (len(pages), rendered) == (1, ["docs.html"])


def test_the_page_speaks_to_no_third_party(client: FlaskClient) -> None:
    page = client.get("/docs")
    assert re.findall(r"(?:src|href|action)=[\"'](?:https?:)?//", page.text) == []
    assert "<script" not in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    for sheet in re.findall(r'rel="stylesheet" href="([^"]+)"', page.text):
        style = client.get(sheet)
        assert (style.status_code, style.mimetype) == (200, "text/css")
        assert "//" not in re.sub(r"/\*.*?\*/", "", style.text, flags=re.DOTALL)


def test_the_page_is_readable_without_seeing_it(client: FlaskClient) -> None:
    page = client.get("/docs").text
    anchors = set(re.findall(r'href="#([^"]+)"', page))
    assert anchors <= set(re.findall(r'id="([^"]+)"', page)), "every link on it leads somewhere"
    assert '<html lang="en">' in page
    assert page.count("<h1>") == 1
    assert "None" not in re.sub(r"<[^>]+>", " ", page)
