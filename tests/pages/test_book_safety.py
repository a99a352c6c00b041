"""Whom the booking form is open to, who may frame it, and what is said of it elsewhere."""

import logging
import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from scheduler.bootstrap import Runtime, bootstrap
from scheduler.db.models import FormDraft
from tests.conftest import NOWHERE, serving, settings_for
from tests.pages.filling import ABOUT, Filling

SITE = "https://clinic.example"
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def person(client: FlaskClient) -> Filling:
    return Filling(client)


def routes(client: FlaskClient) -> set[tuple[str, str]]:
    return {
        (method, rule.rule)
        for rule in client.application.url_map.iter_rules()
        for method in {"GET", "POST"} & (rule.methods or set())
        if rule.rule.startswith("/book")
    }


def test_a_form_that_nobody_began_is_found_by_no_page(client: FlaskClient) -> None:
    pages = {(method, rule) for method, rule in routes(client) if "<uuid:id>" in rule}
    assert len(pages) > 15
    for method, rule in pages:
        address = rule.replace("<uuid:id>", NOBODY)
        answer = client.open(address, method=method, data={"who": "me"} if method == "POST" else None)
        assert (answer.status_code, answer.mimetype) == (404, "text/html"), address


def test_looking_changes_nothing(person: Filling, run: Runtime) -> None:
    person.to_check()
    with run.db.transaction() as session:
        before = session.execute(select(FormDraft.answers, FormDraft.expires_at)).all()
    for method, rule in routes(person.client):
        if method == "GET":
            address = rule.replace("<uuid:id>", person.id)
            person.client.get(address)
            person.client.head(address)
    with run.db.transaction() as session:
        assert session.execute(select(FormDraft.answers, FormDraft.expires_at)).all() == before


def test_the_form_needs_no_cookie(person: Filling) -> None:
    person.to_check()
    person.send()
    assert not person.client._cookies


def test_only_the_clinics_websites_may_frame_the_form(person: Filling) -> None:
    person.start()
    for answer in (person.page, person.client.get(f"/book/{NOBODY}/how")):
        assert f"frame-ancestors {SITE}" in answer.headers["Content-Security-Policy"]
    elsewhere = person.client.get("/nothing", headers={"Accept": "text/html"})
    assert "frame-ancestors 'none'" in elsewhere.headers["Content-Security-Policy"]


def test_without_a_website_nobody_may_frame_it(clinic: object, migrated: str) -> None:
    run = bootstrap(settings_for(migrated, cors_origins=()))
    headers = serving(run).test_client().get("/book").headers
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    run.db.dispose()


@pytest.mark.parametrize(("site", "named"), [(SITE, True), ("https://clinic.example.evil.example", False)])
def test_messages_go_to_a_website_that_the_service_knows(client: FlaskClient, site: str, named: bool) -> None:
    person = Filling(client).start(f"?site={site}")
    person.send(who="me", **({"site": site} if named else {}))
    assert (f'name="framed-by" content="{SITE}"' in person.text) is named
    assert site == SITE or site not in person.text


def test_links_out_of_a_frame_open_the_whole_window(person: Filling) -> None:
    person.to_check()
    person.send()
    for link in re.findall(r'<a [^>]*href="(?:tel:|https?:)[^>]*>', person.page.text):
        assert 'target="_top"' in link or 'target="_blank"' in link, link


@pytest.mark.parametrize("origin", ["https://evil.example", "https://visits.example.evil.example"])
def test_other_sites_cannot_send_it(person: Filling, origin: str) -> None:
    person.to_check()
    answer = person.client.post(f"/book/{person.id}/check", data={"a": "b"}, headers={"Origin": origin})
    assert answer.status_code == 403


def test_what_somebody_types_is_text_and_nothing_else(person: Filling) -> None:
    evil = "<img src=x onerror=alert(1)> {{7*7}} Pat"
    person.to_about()
    person.send(**{**ABOUT, "name": evil, "email": "x"})
    assert "<img src=x" not in person.page.text and "{{7*7}}" in person.text
    person.send(**{**ABOUT, "name": evil})
    person.agree()
    assert person.path == "check"
    assert "<img src=x" not in person.page.text and "{{7*7}}" in person.text


def test_neither_answers_nor_the_forms_id_come_into_a_log(
    person: Filling, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    person.to_check()
    person.send()
    logged = " ".join(
        str(record.__dict__) for record in caplog.records if record.name.startswith("scheduler")
    )
    assert "answered" in logged
    for secret in (person.id, "Pat Example", "pat@patients.example", "5550123", "555-0123"):
        assert secret not in logged


def test_a_row_of_the_form_says_nothing_to_who_reads_the_database(person: Filling, run: Runtime) -> None:
    person.to_check()
    with run.db.transaction() as session:
        (sealed,) = session.scalars(select(FormDraft.answers)).all()
    assert b"Example" not in sealed and b"follow-up" not in sealed


def test_without_a_database_there_are_the_phone_and_what_to_do_in_an_emergency(run: Runtime) -> None:
    with run.db.single() as connection:
        run.desk.clinics.moment(connection)
    gone = bootstrap(settings_for(NOWHERE))
    gone.desk.clinics.last = run.desk.clinics.last
    answer = serving(gone).test_client().get("/book")
    assert (answer.status_code, answer.mimetype) == (503, "text/html")
    assert "(409) 555-0100" in answer.text and "call 911" in answer.text
    assert "<form" not in answer.text


@pytest.mark.parametrize(("phone", "shown"), [("+14095550100", True), (None, False)])
def test_a_process_that_never_knew_the_clinic_shows_the_number_of_the_settings(
    empty: object, phone: str | None, shown: bool
) -> None:
    client = serving(bootstrap(settings_for(NOWHERE, phone=phone))).test_client()
    answer = client.get("/book", headers={"Accept-Language": "es"})
    assert answer.status_code == 503 and "llame al 911" in answer.text
    assert ('href="tel:+14095550100"' in answer.text) is shown
    assert client.get("/v1/clinic").get_json().get("phone") == phone


def test_a_clinic_that_was_known_at_the_start_is_known_when_the_database_goes(run: Runtime) -> None:
    clinics = run.desk.clinics
    assert clinics.last is None
    found = clinics.known()
    assert found and found is clinics.known()


def test_where_there_are_no_tables_yet_a_process_starts_all_the_same(postgres: str) -> None:
    fresh = bootstrap(settings_for(postgres))
    assert fresh.desk.clinics.known() is None
    fresh.db.dispose()


def test_the_widget_is_asked_for_again_soon_and_by_every_website(client: FlaskClient) -> None:
    answer = client.get("/widget.js")
    assert answer.mimetype in ("text/javascript", "application/javascript")
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    for forbidden in ("eval(", "innerHTML", ".style", "document.write", "cookie"):
        assert forbidden not in answer.text
