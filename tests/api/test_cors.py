"""Who may call from a browser: the websites on the list, and nobody who looks like them."""

import pytest
from flask.testing import FlaskClient
from pydantic import ValidationError
from werkzeug.test import TestResponse

from scheduler.api import visits
from tests.api.conftest import Serve
from tests.cast import at, wish
from tests.conftest import settings_for

ORIGIN = "https://clinic.example"
ALLOW = "Access-Control-Allow-Origin"
HEADERS = {"Content-Type", "Authorization", "Idempotency-Key", "If-Match", "Accept-Language"}

STRANGERS = [
    "null",
    "http://clinic.example",
    "https://clinic.example:8443",
    "https://clinic.example:80",
    "https://www.clinic.example",
    "https://clinic.example.evil.example",
    "https://evilclinic.example",
    "https://clinicxexample",
    "https://clinic.example/",
    "https://clinic.example, https://evil.example",
    "https://user@clinic.example",
    "file://",
    "*",
    "",
]


def preflight(client: FlaskClient, origin: str, method: str = "POST", headers: str = "") -> TestResponse:
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    if headers:
        asked["Access-Control-Request-Headers"] = headers
    return client.options("/v1/visits", headers=asked)


def words(answer: TestResponse, name: str) -> set[str]:
    return {each.strip() for each in answer.headers.get(name, "").split(",") if each.strip()}


def assert_open(answer: TestResponse, status: int) -> None:
    assert answer.status_code == status
    assert answer.headers.getlist(ALLOW) == [ORIGIN]
    assert "Origin" in words(answer, "Vary")
    exposed = words(answer, "Access-Control-Expose-Headers")
    assert exposed >= {"ETag", "Location", "Retry-After", "Idempotency-Replayed", "X-Request-Id"}
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_the_clinics_website_may_read_every_answer(
    client: FlaskClient, severed: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = {"Origin": ORIGIN}
    assert_open(client.get("/v1/clinic", headers=here), 200)
    assert_open(client.post("/v1/visits", json=wish(at(2, 10)), headers=here), 201)
    assert_open(client.post("/v1/visits", json=wish(at(2, 10, 15)), headers=here), 409)
    assert_open(client.get("/v1/nothing", headers=here), 404)
    assert_open(client.delete("/v1/visits", headers=here), 405)
    assert_open(client.get("/v1/visits/d2b8f5a0-0000-4000-8000-000000000000", headers=here), 401)
    assert_open(client.post("/v1/visits", json={}, headers=here), 422)
    assert_open(client.post("/v1/visits", data="x", headers=here), 415)
    large = {"data": "x" * 40_000, "content_type": "application/json"}
    assert_open(client.post("/v1/visits", **large, headers=here), 413)
    assert_open(severed.get("/v1/clinic", headers=here), 503)
    monkeypatch.setattr(visits, "book", None)
    assert_open(client.post("/v1/visits", json=wish(at(2, 10)), headers=here), 500)


@pytest.mark.parametrize("origin", STRANGERS)
def test_nobody_who_looks_like_the_clinic_may(client: FlaskClient, origin: str) -> None:
    for answer in (
        client.get("/v1/clinic", headers={"Origin": origin}),
        client.get("/v1/nothing", headers={"Origin": origin}),
        preflight(client, origin),
    ):
        assert [name for name, _ in answer.headers if name.startswith("Access-Control")] == []
        assert "Origin" in words(answer, "Vary"), "or a cache would hand this answer to the clinic's website"


def test_a_preflight_allows_exactly_the_headers_on_the_list(client: FlaskClient) -> None:
    asked = ", ".join([*(name.lower() for name in HEADERS), "x-evil", "cookie", "x-forwarded-for"])
    answer = preflight(client, ORIGIN, headers=asked)
    assert answer.headers[ALLOW] == ORIGIN
    assert words(answer, "Access-Control-Allow-Headers") == {name.lower() for name in HEADERS}
    assert words(answer, "Access-Control-Allow-Methods") == {"GET", "POST", "PATCH", "DELETE"}
    assert int(answer.headers["Access-Control-Max-Age"]) == 600


def test_a_preflight_for_another_method_is_not_granted(client: FlaskClient) -> None:
    assert "Access-Control-Allow-Methods" not in preflight(client, ORIGIN, "PUT").headers


def test_a_website_of_the_internet_gets_no_way_into_a_private_network(client: FlaskClient) -> None:
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}
    asked["Access-Control-Request-Private-Network"] = "true"
    answer = client.options("/v1/clinic", headers=asked)
    assert answer.headers.get("Access-Control-Allow-Private-Network") != "true"


def test_without_a_list_no_website_may(clinic: object, serve: Serve) -> None:
    client = serve(cors_origins=())
    assert ALLOW not in client.get("/v1/clinic", headers={"Origin": ORIGIN}).headers


def test_each_website_on_the_list_is_named_alone(clinic: object, serve: Serve) -> None:
    origins = ("https://clinic.example", "http://localhost:8080")
    client = serve(cors_origins=origins)
    for origin in origins:
        answer = client.get("/v1/clinic", headers={"Origin": origin})
        assert answer.headers.getlist(ALLOW) == [origin]
        assert answer.headers.get_all("Vary").count("Origin") <= 1


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "https://*.clinic.example",
        "null",
        "clinic.example",
        "https://clinic.example/",
        "https://c[l]inic.example",
    ],
)
def test_a_list_with_anything_but_exact_origins_is_refused(origin: str) -> None:
    with pytest.raises(ValidationError):
        settings_for("postgresql://visits@/visits", cors_origins=(origin,))
