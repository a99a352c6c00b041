"""Coming in and going out."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text, update
from werkzeug.test import TestResponse

from scheduler.bootstrap import Runtime
from scheduler.db.models import StaffSession
from tests.pages.staff.desk import COOKIE, Desk, leads_to, plain
from tests.services.accounts.people import PASSWORD, account, settled

DOOR = "/staff/sign-in"


def knock(client: FlaskClient, name: str, password: str, **more: str) -> TestResponse:
    """Open the door's page, and send its form."""
    page = client.get(DOOR).text
    found = re.search(r'name="csrf" value="(\w+)"', page)
    assert found
    return client.post(DOOR, data={"csrf": found[1], "name": name, "password": password, **more})


def given_cookie(answer: TestResponse) -> str:
    (cookie,) = [each for each in answer.headers.getlist("Set-Cookie") if each.startswith(f"{COOKIE}=")]
    return cookie


def test_the_right_password_opens_the_front_desk(run: Runtime, client: FlaskClient) -> None:
    settled(run)
    answer = knock(client, "Pat", PASSWORD)
    assert (answer.status_code, leads_to(answer)[0]) == (303, "/staff")
    cookie = given_cookie(answer)
    for flag in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert flag in cookie
    assert "Domain" not in cookie
    assert "To do" in client.get("/staff").text


def test_a_wrong_password_and_an_unknown_name_look_alike(run: Runtime, client: FlaskClient) -> None:
    settled(run)
    wrong, unknown = knock(client, "pat", "wrong"), knock(client, "nobody", "wrong")
    assert (wrong.status_code, unknown.status_code) == (401, 401)
    assert plain(wrong.text) == plain(unknown.text)
    assert "do not fit together" in wrong.text
    assert f"{COOKIE}=" not in "".join(wrong.headers.getlist("Set-Cookie"))


def test_who_tries_too_often_is_told_to_wait(run: Runtime, client: FlaskClient) -> None:
    settled(run)
    for _ in range(5):
        knock(client, "pat", "wrong")
    shut = knock(client, "pat", PASSWORD)
    assert (shut.status_code, "Please wait 15 minutes" in shut.text) == (429, True)


def test_a_sign_in_form_of_another_page_is_refused(run: Runtime, client: FlaskClient) -> None:
    settled(run)
    right = {"name": "pat", "password": PASSWORD}
    assert client.post(DOOR, data=right).status_code == 403
    client.get(DOOR)
    assert client.post(DOOR, data={**right, "csrf": "0" * 64}).status_code == 403


def test_a_session_that_was_there_before_the_sign_in_ends_with_it(run: Runtime, client: FlaskClient) -> None:
    """A session that somebody planted in this browser is not the one that goes on."""
    planted = settled(run)
    client.set_cookie(COOKIE, planted)
    answer = knock(client, "pat", PASSWORD)
    fresh = given_cookie(answer).split(";")[0].split("=")[1]
    assert fresh != planted
    with run.db.transaction() as session:
        assert session.execute(text("SELECT count(*) FROM staff_sessions")).scalar_one() == 1


@pytest.mark.parametrize(
    ("asked", "reached"),
    [
        ("/staff/day?date=2026-12-08&view=list", "/staff/day"),
        ("https://evil.example/staff", "/staff"),
        ("//evil.example", "/staff"),
        ("/staff//evil.example", "/staff"),
        ("/staff\\evil", "/staff"),
        ("/v1/visits", "/staff"),
    ],
)
def test_a_sign_in_leads_on_to_pages_of_the_front_desk_alone(
    run: Runtime, client: FlaskClient, asked: str, reached: str
) -> None:
    settled(run)
    answer = knock(client, "pat", PASSWORD, next=asked)
    assert answer.headers["Location"].startswith("/staff") and leads_to(answer)[0] == reached


def test_whoever_has_to_sign_in_comes_back_to_the_page_they_wanted(client: FlaskClient) -> None:
    sent = client.get("/staff/day?date=2026-12-08")
    assert leads_to(sent) == (DOOR, {"next": "/staff/day?date=2026-12-08"})
    assert 'value="/staff/day?date=2026-12-08"' in client.get(sent.headers["Location"]).text


def test_signing_out_ends_the_session_for_everybody_who_has_its_cookie(desk: Desk) -> None:
    answer = desk.post("/sign-out")
    assert leads_to(answer)[0] == DOOR
    assert f"{COOKIE}=;" in "".join(answer.headers.getlist("Set-Cookie"))
    desk.client.set_cookie(COOKIE, desk.token)
    assert leads_to(desk.client.get("/staff"))[0] == DOOR


def test_a_session_without_use_ends(desk: Desk) -> None:
    with desk.run.db.transaction() as session:
        session.execute(update(StaffSession).values(seen_at=StaffSession.seen_at - timedelta(minutes=15)))
    assert leads_to(desk.client.get("/staff"))[0] == DOOR


def test_a_first_password_has_to_be_replaced_before_anything_else(run: Runtime, client: FlaskClient) -> None:
    first = account(run)
    knock(client, "pat", first)
    for path in ("/staff", "/staff/day", "/staff/find"):
        assert leads_to(client.get(path))[0] == "/staff/password"
    page = client.get("/staff/password").text
    csrf = re.search(r'name="csrf" value="(\w+)"', page)
    assert csrf and "was made for you" in page
    form = {"csrf": csrf[1], "old": first}
    short = client.post("/staff/password", data={**form, "password": "short"})
    assert (short.status_code, "This is too short." in short.text) == (422, True)
    done = client.post("/staff/password", data={**form, "password": PASSWORD})
    assert leads_to(done) == ("/staff", {"done": "password"})
    assert client.get("/staff/day").status_code == 200


def test_the_pages_speak_the_language_of_the_account(run: Runtime) -> None:
    desk = Desk(run, language="es")
    assert '<html lang="es">' in desk.get() and "Pendientes" in desk.get()
    desk.post("/language", language="en")
    assert "To do" in desk.get()
    desk.post("/language", language="xx")
    assert "To do" in desk.get()
