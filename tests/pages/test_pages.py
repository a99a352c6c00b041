"""What all pages have in common: headers, languages, errors, forms, files."""

import re
from functools import cache

import pytest
from apiflask import APIFlask
from flask import Response, request
from flask.testing import FlaskClient

from scheduler.app import create_app
from scheduler.bootstrap import Runtime, bootstrap
from scheduler.domain.errors import Unavailable
from scheduler.web import assets, cookies
from scheduler.web.guards import check_csrf, csrf_token
from scheduler.web.pages import Pages
from scheduler.web.rendering import page
from tests.conftest import NOWHERE, copied, serving, settings_for
from tests.pages.conftest import LOGO

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
PHONE = "(409) 555-0100"


def sample() -> Pages:
    pages = Pages("sample", __name__, url_prefix="/sample")

    @pages.get("/error/<kind>")
    def fail(kind: str) -> Response:
        raise {"away": Unavailable(), "ours": ZeroDivisionError()}[kind]

    @pages.post("/kept")
    def keep() -> Response:
        check_csrf(cookies.read("sample") or "")
        return page("failure.html", kind="too_often")

    @pages.post("/open")
    def take() -> Response:
        return Response(request.form["name"])

    return pages


@cache
def with_samples() -> APIFlask:
    """Made once, as in tests/conftest.py."""
    app = create_app(bootstrap(settings_for(NOWHERE)))
    app.register_blueprint(sample())
    return app


@pytest.fixture
def client(run: Runtime) -> FlaskClient:
    return copied(with_samples(), run).test_client()


def lost(client: FlaskClient, **headers: str) -> str:
    return client.get("/nothing-here", headers={**HTML, **headers}).text


def test_an_unknown_address_is_a_page_for_people_and_a_problem_for_programs(client: FlaskClient) -> None:
    for_people = client.get("/nothing-here", headers=HTML)
    assert (for_people.status_code, for_people.mimetype) == (404, "text/html")
    assert "We cannot find this page" in for_people.text and PHONE in for_people.text
    for asked in (client.get("/nothing-here"), client.get("/v1/nothing-here", headers=HTML)):
        assert (asked.status_code, asked.mimetype) == (404, "application/problem+json")


def test_a_page_allows_nothing_but_what_comes_from_here_and_no_frame_around_it(client: FlaskClient) -> None:
    headers = client.get("/nothing-here", headers=HTML).headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self'")
    assert "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("asked", ["/nothing-here", "/nothing-here?language=en"])
def test_a_page_speaks_what_was_chosen_else_what_the_browser_asks_for(
    client: FlaskClient, asked: str
) -> None:
    answer = client.get(asked, headers={**HTML, "Accept-Language": "es-MX"})
    expected = ("en", "Questions?") if "language" in asked else ("es", "¿Preguntas?")
    assert answer.headers["Content-Language"] == expected[0]
    assert f'<html lang="{expected[0]}">' in answer.text and expected[1] in answer.text


def test_errors_are_pages_with_the_phone_and_without_their_cause(client: FlaskClient) -> None:
    away, ours = (client.get(f"/sample/error/{kind}") for kind in ("away", "ours"))
    assert (away.status_code, ours.status_code) == (503, 500)
    assert away.headers["Retry-After"] == "30"
    assert "Nothing was changed" in away.text and PHONE in away.text
    assert "Something went wrong" in ours.text and "ZeroDivision" not in ours.text


def test_a_page_stands_while_the_database_is_away_and_no_clinic_was_ever_known() -> None:
    run = bootstrap(settings_for(NOWHERE))
    answer = serving(run).test_client().get("/nothing-here", headers=HTML)
    assert answer.status_code == 404 and "call 911" in answer.text


# ------------------------------------------------------------------------------------------------- forms


def test_pages_take_forms_and_the_api_takes_json(client: FlaskClient) -> None:
    assert client.post("/sample/open", data={"name": "Pat"}).text == "Pat"
    for refused in (
        client.post("/sample/open", json={"name": "Pat"}),
        client.post("/v1/visits", data={"a": "b"}),
    ):
        assert refused.status_code == 415


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://localhost"}, 200),
        ({"Origin": "https://visits.example"}, 200),
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "https://clinic.example"}, 403),
        ({"Origin": "https://visits.example.evil.example"}, 403),
        ({"Origin": "null", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
def test_a_form_of_another_site_is_refused(client: FlaskClient, headers: dict[str, str], status: int) -> None:
    assert client.post("/sample/open", data={"name": "Pat"}, headers=headers).status_code == status


def test_a_form_on_a_cookie_needs_the_token_of_that_cookie(client: FlaskClient) -> None:
    client.set_cookie("__Host-sample", "one")
    with client.application.app_context():
        right, wrong = csrf_token("one"), csrf_token("another")
    tried = {
        token: client.post("/sample/kept", data={"csrf": token}).status_code for token in (right, wrong, "")
    }
    assert tried == {right: 200, wrong: 403, "": 403}
    assert client.post("/sample/kept", data={"other": "field"}).status_code == 403


def test_a_cookie_is_for_this_host_for_no_script_and_for_no_other_sites_form(client: FlaskClient) -> None:
    answer = Response()
    with client.application.app_context():
        cookies.give(answer, "sample", "value")
    given = answer.headers["Set-Cookie"]
    assert given.startswith("__Host-sample=value;")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(given.split("; "))


# ------------------------------------------------------------------------------------------------- files


def test_files_are_kept_for_good_under_the_address_of_their_build(client: FlaskClient) -> None:
    (address,) = re.findall(r'href="(/static/[^"]+\.css)"', lost(client))
    current, older = client.get(address), client.get("/static/older/site.css")
    assert current.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert older.headers["Cache-Control"] == "public, max-age=60"
    assert current.data == older.data == (assets.FOLDER / "site.css").read_bytes()
    for elsewhere in ("../pages.py", "%2e%2e/pages.py", "nothing.css"):
        assert client.get(f"/static/older/{elsewhere}").status_code == 404


def test_without_a_look_of_the_clinic_nothing_is_asked_for_it(client: FlaskClient) -> None:
    assert "/look/" not in lost(client)
    assert {client.get(f"/look/1/{name}").status_code for name in ("accent.css", "logo.svg")} == {404}


@pytest.mark.usefixtures("with_look")
def test_the_clinics_colour_and_logo_are_on_every_page(client: FlaskClient) -> None:
    accent, logo = re.findall(r'"(/look/[^"]+)"', lost(client))
    assert "--accent:#0b3d91" in client.get(accent).text
    shown = client.get(logo)
    assert shown.text == LOGO and shown.mimetype == "image/svg+xml"
    assert "script" not in shown.headers["Content-Security-Policy"]
    assert shown.headers["Cache-Control"].endswith("immutable")
