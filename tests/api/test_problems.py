"""Errors: one shape, two languages, nothing of ours or theirs in the text."""

import logging
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from scheduler.api import visits
from scheduler.api.texts import texts
from tests.cast import at, wish


def test_both_languages_have_the_same_problems_and_faults() -> None:
    english, spanish = texts("en"), texts("es")
    assert set(english["problems"]) == set(spanish["problems"])
    assert set(english["faults"]) == set(spanish["faults"])


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_problem_speaks_the_callers_language(client: FlaskClient, language: str) -> None:
    client.get("/v1/clinic")
    answer = client.get("/v1/nothing", headers={"Accept-Language": language})
    body = answer.get_json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Content-Language"] == language
    assert body == {
        "type": "/problems/not-found",
        "title": texts(language)["problems"]["not-found"]["title"],
        "status": 404,
        "detail": texts(language)["problems"]["not-found"]["detail"],
        "instance": answer.headers["X-Request-Id"],
        "phone": "+14095550100",
    }


def test_an_answer_says_that_it_depends_on_language_and_origin(client: FlaskClient) -> None:
    for path in ("/v1/clinic", "/v1/nothing"):
        vary = {each.strip().lower() for each in client.get(path).headers["Vary"].split(",")}
        assert vary >= {"origin", "accept-language"}


UNKNOWN = [
    "/v1",
    "/v1/",
    "/v1/clinic/",
    "/v1/visits/",
    "/v1/visits/1",
    "/v1/visits/d2b8f5a0-0000-4000-8000-00000000000g",
    "/v1/nothing",
    "/v9/clinic",
    "/%00",
]


@pytest.mark.parametrize("path", UNKNOWN)
def test_an_unknown_address_is_a_problem(client: FlaskClient, path: str) -> None:
    for answer in (client.get(path), client.post(path), client.delete(path), client.post(path, json={})):
        assert (answer.status_code, answer.get_json()["type"]) == (404, "/problems/not-found")


def test_nothing_but_what_is_there_is_served(client: FlaskClient) -> None:
    for path in ("/problems/nothing", "/docs/static/../../app.py", "/docs/static/%2e%2e/openapi.py"):
        assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/visits/search", {"POST", "OPTIONS"}),
        ("DELETE", "/v1/visits/search", {"POST", "OPTIONS"}),
        ("PUT", "/v1/visits/search", {"POST", "OPTIONS"}),
        ("POST", "/v1/clinic", {"GET", "HEAD", "OPTIONS"}),
        ("PATCH", "/v1/slots", {"GET", "HEAD", "OPTIONS"}),
        ("POST", "/health/live", {"GET", "HEAD", "OPTIONS"}),
        ("POST", "/openapi.json", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_a_wrong_method_is_a_problem_that_names_the_right_ones(
    client: FlaskClient, method: str, path: str, allowed: set[str]
) -> None:
    answer = client.open(path, method=method)
    assert (answer.status_code, answer.get_json()["type"]) == (405, "/problems/method-not-allowed")
    assert {each.strip() for each in answer.headers["Allow"].split(",")} == allowed


def test_every_problem_has_a_page_in_both_languages(client: FlaskClient) -> None:
    for language in ("en", "es"):
        for slug, words in texts(language)["problems"].items():
            page = client.get(f"/problems/{slug}", headers={"Accept-Language": language})
            assert (page.status_code, page.mimetype) == (200, "text/html")
            assert words["title"] in unescape(page.text)
            assert words["detail"] in unescape(page.text)
            assert f'<html lang="{language}">' in page.text


def test_trouble_of_our_own_tells_nothing_of_itself(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("SELECT secret FROM /srv/app.py")

    monkeypatch.setattr(visits, "book", fail)
    with caplog.at_level(logging.ERROR):
        answer = client.post("/v1/visits", json=wish(at(2, 10)))
    body = answer.get_json()
    assert (answer.status_code, body["type"]) == (500, "/problems/internal")
    assert "secret" not in answer.text
    assert "patients.example" not in caplog.text
    assert any(record.exc_info for record in caplog.records), "we have to find it again"


def test_without_its_database_the_service_says_so_and_whom_to_call(severed: FlaskClient) -> None:
    requests: list[dict[str, Any]] = [
        {"method": "GET", "path": "/v1/clinic"},
        {"method": "GET", "path": "/v1/slots?visit_type=x&mode=telemedicine&from=2026-12-02&to=2026-12-02"},
        {"method": "POST", "path": "/v1/visits", "json": wish(at(2, 10))},
        {
            "method": "GET",
            "path": "/v1/visits/d2b8f5a0-0000-4000-8000-000000000000",
            "headers": {"Authorization": "Bearer x"},
        },
    ]
    for each in requests:
        answer = severed.open(**each)
        body = answer.get_json()
        assert (answer.status_code, body["type"]) == (503, "/problems/unavailable")
        assert body["phone"] == "+14095550100"
        assert int(answer.headers["Retry-After"]) > 0


def test_a_service_that_runs_out_of_connections_is_unavailable_not_broken(serve: Any, clinic: object) -> None:
    client = serve(database_pool=1)
    assert client.get("/v1/clinic").status_code == 200


def test_what_was_refused_still_says_what_every_answer_says(client: FlaskClient) -> None:
    for answer in (client.get("/v1/clinic"), client.get("/v1/nothing"), client.post("/v1/visits", data="x")):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert len(answer.headers["X-Request-Id"]) == 32
