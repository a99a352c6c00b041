"""The pages of a visit where something is wrong: hostile input, too many guesses, a database that is away."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from scheduler.bootstrap import Runtime, bootstrap
from tests.api.people import booked
from tests.conftest import serving, settings_for
from tests.pages.holder import Person, row, written
from tests.pages.test_own_particulars import BORN, HERE, reached

PHONE = "(409) 555-0100"
AWAY = "postgresql+psycopg://visits@127.0.0.1:1/visits"
HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "{{7*7}}",
    "a\r\nBcc: b@c.example",
    "\x00",
    "\u2028",
    "é" * 500,
    "'--",
]
FORMS = {
    "coming": ("coming",),
    "cancel": ("reason",),
    "contact": ("email", "phone", "language", "channels", "birth_month", "birth_day", "birth_year"),
    "where": ("state", "phone", "address", "in_car"),
    "agree": ("agree",),
    "move/check": ("slot", "sure", "mode", "state", "zone", "practitioner", "location", "agree"),
    "safety": ("T1",),
}


@pytest.fixture
def careful(clinic: object, migrated: str) -> Iterator[Runtime]:
    """A service that lets nobody guess more than twice."""
    run = bootstrap(settings_for(migrated, limit_contact="2/hour", web_workers=1))
    yield run
    run.db.dispose()


@pytest.mark.parametrize("typed", HOSTILE)
def test_whatever_is_typed_is_told_as_a_slip_or_taken_as_data(
    client: FlaskClient, run: Runtime, person: Person, typed: str
) -> None:
    carried = person.forms[0].fields
    for page, fields in FORMS.items():
        answer = client.post(
            f"/my/{person.visit['id']}/{page}", data={**carried, **dict.fromkeys(fields, typed)}
        )
        assert answer.status_code in (303, 409, 422), (page, answer.status_code)
        assert "<img src=x" not in answer.text and ">49<" not in answer.text
    lost = client.post("/find-appointment", data=dict.fromkeys(("email", "phone", "birth_year"), typed))
    assert lost.status_code == 422 and "<img src=x" not in lost.text
    assert [act for _, act in written(run) if act not in ("book", "apply")] == []


@pytest.mark.parametrize("page", ["move", "move/check", "convert", ""])
@pytest.mark.parametrize("typed", HOSTILE)
def test_whatever_stands_in_an_address_changes_and_breaks_nothing(
    person: Person, page: str, typed: str
) -> None:
    names = ("slot", "mode", "state", "zone", "practitioner", "location", "from", "done", "language")
    person.get(f"/my/{person.visit['id']}/{page}".rstrip("/"), **dict.fromkeys(names, typed))
    assert person.page.status_code == 200
    assert "<img src=x" not in person.page.text


@pytest.mark.parametrize("token", ["%00", "%ff", "..%2f..", "a" * 3_000, "%0d%0aSet-Cookie:x", "' OR 1=1"])
def test_no_address_of_a_link_breaks_anything(client: FlaskClient, token: str) -> None:
    answer = client.get(f"/v/{token}", headers={"Accept": "text/html"})
    assert answer.status_code == 404 and PHONE in answer.text


@pytest.mark.parametrize("cookie", ["", "a" * 3_000, "'", "\xff"])
def test_no_cookie_breaks_anything(client: FlaskClient, cookie: str) -> None:
    visit = booked(client)
    client.set_cookie(f"__Host-visit-{visit['id'].replace('-', '')}", cookie)
    Person(client, visit).go(status=404)


def test_birth_dates_are_not_guessed(careful: Runtime) -> None:
    client = serving(careful).test_client()
    person = Person(client, booked(client)).arrive()
    person.go("contact")
    for year in ("1931", "1932"):
        assert "This is not the patient’s date of birth." in person.send(422, **{**BORN, "birth_year": year})
    text = person.send(429, email="thief@elsewhere.example", **BORN)
    assert "Please wait a moment" in text and PHONE in text
    assert person.page.headers["Retry-After"]
    assert reached(careful, person.visit).email == "pat0@patients.example"


def test_while_the_database_is_away_the_page_says_so_with_the_phone(run: Runtime, person: Person) -> None:
    gone = bootstrap(settings_for(AWAY))
    gone.desk.clinics.last = run.desk.clinics.last
    away = serving(dataclasses.replace(gone)).test_client()
    away._cookies = person.client._cookies
    for address in (f"/my/{person.visit['id']}", f"/v/{person.visit['token']}"):
        answer = away.get(address)
        assert answer.status_code == 503 and PHONE in answer.text and "Nothing was changed" in answer.text
    born: dict[str, Any] = {**BORN, "email": "pat0@patients.example"}
    assert away.post("/find-appointment", data=born).status_code == 503


def test_a_refusal_of_the_rules_is_a_sentence_and_changes_nothing(run: Runtime, person: Person) -> None:
    person.go("where")
    form = person.forms[0]
    person.go("cancel")
    person.send(reason="other")
    text = person.post(form, 412, **HERE)
    assert "Your appointment was changed in the meantime." in text and PHONE in text
    form.fields["version"] = [str(row(run, person.visit).version)]
    text = person.post(form, 409, **HERE)
    assert "This is not possible any more" in text and PHONE in text


def test_somebody_with_an_appointment_finds_the_way_to_it_from_everywhere(client: FlaskClient) -> None:
    for address in ("/book", "/nothing-here", "/v/nothing", "/v/nothing/join"):
        page = client.get(address, headers={"Accept": "text/html"})
        assert 'href="/find-appointment"' in page.text, address
