"""A patient's own visit by its link: seen, confirmed, cancelled, taken into a calendar, found again."""

import re
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from scheduler.bootstrap import Runtime, bootstrap
from scheduler.db.models import Message, Recipient, Visit
from scheduler.domain.scopes import Scope
from scheduler.domain.visits import VisitStatus
from scheduler.services.people.recipients import JOIN
from scheduler.web.guards import csrf_token
from tests.api.people import booked, patient_of, said, staff_with
from tests.cast import at
from tests.conftest import serving, settings_for
from tests.pages.holder import Person, kinds, row, written
from tests.pages.staff.desk import plain

PHONE = "(409) 555-0100"
IN_PERSON: dict[str, Any] = {"mode": "in_person", "location": "main", "state": None}


def cookies(client: FlaskClient) -> list[str]:
    return [name for _, _, name in client._cookies or {}]


# --------------------------------------------------------------------------------------------------- the link


def test_the_link_of_a_mail_becomes_a_cookie_and_a_clean_address(
    client: FlaskClient, visit: dict[str, Any]
) -> None:
    answer = client.get(f"/v/{visit['token']}")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/my/{visit['id']}")
    given = answer.headers["Set-Cookie"]
    assert given.startswith(f"__Host-visit-{UUID(visit['id']).hex}=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(given.split("; "))
    for headers in (answer.headers, client.get(answer.headers["Location"]).headers):
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


def test_over_plain_http_on_ones_own_machine_the_cookie_needs_no_prefix(
    clinic: object, migrated: str
) -> None:
    run = bootstrap(settings_for(migrated, public_url="http://localhost:8000"))
    client = serving(run).test_client()
    mine = booked(client)
    given = client.get(f"/v/{mine['token']}").headers["Set-Cookie"]
    assert given.startswith("visit-") and "Secure" not in given and "HttpOnly" in given
    assert "Tuesday, December 8, 2026" in Person(client, mine).arrive().text
    run.db.dispose()


def test_the_page_holds_no_token_that_opens_the_visit(person: Person) -> None:
    assert person.visit["token"] not in person.page.text


def test_visits_of_a_family_are_open_side_by_side(client: FlaskClient, visit: dict[str, Any]) -> None:
    one, two = Person(client, visit).arrive(), Person(client, booked(client, 1)).arrive()
    assert one.visit["reference"] in one.go()
    assert two.visit["reference"] in two.go()
    assert len(cookies(client)) == 2


def test_on_a_device_of_others_the_visit_is_closed_and_its_link_still_opens_it(
    client: FlaskClient, person: Person
) -> None:
    (form,) = [each for each in person.forms if each.action.endswith("/leave")]
    assert "Your appointment is closed on this device" in person.post(form)
    assert cookies(client) == []
    person.go(status=404)
    assert "Your appointment" in person.arrive().text


def unknown(client: FlaskClient, address: str) -> tuple[int, str]:
    answer = client.get(address)
    return answer.status_code, answer.text


def test_what_opens_nothing_looks_the_same_whatever_became_of_it(
    client: FlaskClient, run: Runtime, visit: dict[str, Any]
) -> None:
    with run.db.transaction() as session:
        who = session.scalars(select(Recipient).where(Recipient.visit_id == visit["id"])).one()
    joining = run.desk.token(who.link_key, UUID(visit["id"]), who.id, JOIN, 0)
    ended = booked(client, 1)
    with run.db.transaction() as session:
        long_ago = {"starts_at": at(1, 9).replace(month=11), "ends_at": at(1, 10).replace(month=11)}
        session.execute(update(Visit).where(Visit.id == ended["id"]).values(**long_ago))
    pages = {unknown(client, f"/v/{token}") for token in ("nothing", "0" * 22, joining, ended["token"])}
    pages.add(unknown(client, f"/my/{visit['id']}"))
    pages.add(unknown(client, "/my/00000000-0000-4000-8000-000000000000"))
    ((status, page),) = pages
    assert status == 404
    assert "We cannot find this appointment" in page and PHONE in page and "/find-appointment" in page


def test_a_link_that_ended_meanwhile_opens_no_page_and_does_nothing(
    client: FlaskClient, run: Runtime, person: Person
) -> None:
    page = person.page
    staff = staff_with(run, *Scope)
    answer = client.post(
        f"/v1/visits/{person.visit['id']}/revoke-links", json={"recipient": "patient"}, headers=staff
    )
    assert answer.status_code == 204
    assert "We cannot find this appointment" in person.go(status=404)
    person.page = page
    assert "We cannot find this appointment" in person.send(404, coming="yes")
    assert row(run, person.visit).confirmed_at is None


def test_another_visits_cookie_opens_no_other_visit(client: FlaskClient, visit: dict[str, Any]) -> None:
    other = booked(client, 1)
    Person(client, visit).arrive()
    Person(client, other).go(status=404)
    client.set_cookie(f"__Host-visit-{UUID(other['id']).hex}", visit["token"])
    Person(client, other).go(status=404)


def my_routes(client: FlaskClient) -> list[tuple[str, str]]:
    return [
        (method, rule.rule)
        for rule in client.application.url_map.iter_rules()
        for method in {"GET", "POST"} & (rule.methods or set())
        if rule.rule.startswith("/my/")
    ]


def test_no_page_of_a_visit_is_open_to_somebody_without_its_link(
    client: FlaskClient, visit: dict[str, Any]
) -> None:
    routes = my_routes(client)
    assert len(routes) > 15
    for method, rule in routes:
        answer = client.open(
            rule.replace("<uuid:id>", visit["id"]),
            method=method,
            data={"a": "b"} if method == "POST" else None,
        )
        assert (answer.status_code, answer.mimetype) == (404, "text/html"), rule


def test_a_form_needs_the_token_of_its_cookie_and_comes_from_this_site(
    client: FlaskClient, run: Runtime, person: Person
) -> None:
    with client.application.app_context():
        others = csrf_token("another")
    for method, rule in my_routes(client):
        if method == "POST":
            address = rule.replace("<uuid:id>", person.visit["id"])
            for csrf in ("", others):
                answer = client.post(address, data={"csrf": csrf, "coming": "yes", "reason": "other"})
                assert answer.status_code == 403, rule
    form = person.forms[0]
    elsewhere = client.post(
        form.action, data={**form.fields, "coming": "yes"}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert elsewhere.status_code == 403
    assert row(run, person.visit).confirmed_at is None


def test_a_scanner_that_looks_at_everything_and_submits_what_it_finds_changes_nothing(
    client: FlaskClient, run: Runtime, person: Person
) -> None:
    person.go("move")
    checking = {"slot": person.slots[1]}
    before, was = written(run), row(run, person.visit)
    for method, rule in my_routes(client):
        address = rule.replace("<uuid:id>", person.visit["id"])
        if method == "GET":
            person.arrive()
            for _ in range(2):
                assert client.head(address, query_string=checking).status_code in (200, 303, 409)
                person.get(address, **checking)
            for form in person.forms:
                for button in [*form.buttons[:2], ("", "")]:
                    pressed = {**form.fields, button[0]: button[1]} if button[0] else form.fields
                    sent = {"query_string": pressed} if form.method == "get" else {"data": pressed}
                    client.open(form.action, method=form.method.upper(), **sent)  # type: ignore[arg-type]
    assert written(run) == before
    assert row(run, person.visit).version == was.version


# ----------------------------------------------------------------------------------------------------- seeing


def test_a_visit_by_video_is_told_with_both_clocks_and_its_way_in(client: FlaskClient) -> None:
    body = {"name": "Pat Example", "birth_date": "1960-02-29", "email": "pat@patients.example"}
    visit = booked(client, patient={**body, "timezone": "America/New_York"})
    person = Person(client, visit).arrive()
    for words in (
        "Tuesday, December 8, 2026",
        "11:00 AM (Eastern time)",
        "10:00 AM at the clinic (Central time)",
        "By video",
        "Follow-up",
        "Dr. Example",
        visit["reference"],
        "Will you be there for this video visit?",
    ):
        assert words in person.text
    assert visit["links"]["join"] not in person.page.text, "days before it is no use"


def test_the_way_into_a_video_visit_is_there_from_the_day_before(client: FlaskClient) -> None:
    visit = booked(client, start=at(1, 15).isoformat())
    person = Person(client, visit).arrive()
    assert "Join the video visit" in person.text and visit["links"]["join"] in person.page.text


def test_a_visit_in_person_says_where_with_a_map(client: FlaskClient) -> None:
    person = Person(client, booked(client, **IN_PERSON)).arrive()
    assert "100 Example Street, Exampleville" in person.text
    assert "https://www.openstreetmap.org/?mlat=30.0&amp;mlon=-94.0" in person.page.text
    assert "Join the video visit" not in person.text and "Central time" in person.text


def test_a_request_says_by_when_it_is_answered_and_has_no_calendar_entry(client: FlaskClient) -> None:
    person = Person(client, booked(client, visit_type="reviewed", new_patient=True)).arrive()
    assert "We have your request" in person.text
    assert "We look at your request and answer by" in person.text
    assert "Add to calendar" not in person.text and "Will you" not in person.text


def test_a_patient_reads_in_the_language_in_which_they_are_written_to(client: FlaskClient) -> None:
    visit = booked(client, patient={**patient_body(), "language": "es"})
    person = Person(client, visit).arrive()
    assert "Su cita" in person.text and "10:00 a. m. (hora del Centro)" in person.text
    assert "Your appointment" in person.go(language="en")


def patient_body() -> dict[str, str]:
    return {"name": "Pat Example", "birth_date": "1960-02-29", "email": "pat@patients.example"}


def test_whoever_booked_for_somebody_has_pages_of_their_own(client: FlaskClient, run: Runtime) -> None:
    helper = {
        "name": "Sam Example",
        "relationship": "child",
        "email": "sam@patients.example",
        "receives": "also",
    }
    person = Person(client, booked(client, booked_by=helper)).arrive()
    assert "Will the patient be there for this video visit?" in person.text
    assert "We know that the patient will come." in person.send(coming="yes")
    assert ("booked_by", "confirm") in written(run)


# ------------------------------------------------------------------------------------------------- confirming


def test_a_patient_says_that_they_come(run: Runtime, person: Person) -> None:
    assert "Choose one of the answers." in person.send(422)
    text = person.send(coming="yes")
    assert "This appointment is confirmed." in text and "You told us that you will come." in text
    assert "Will you be there" not in text
    assert row(run, person.visit).confirmed_at is not None
    assert ("patient", "confirm") in written(run)


def test_who_does_not_come_is_led_to_another_time_or_to_cancelling(run: Runtime, person: Person) -> None:
    person.send(coming="move")
    assert person.path == "move"
    person.go()
    person.send(coming="cancel")
    assert person.path == "cancel"
    assert row(run, person.visit).status == "booked"


def test_what_was_changed_meanwhile_is_shown_as_it_is_now(
    client: FlaskClient, run: Runtime, person: Person
) -> None:
    old = person.page
    moved = client.post(
        f"/v1/visits/{person.visit['id']}/reschedule",
        json={"start": at(9, 11).isoformat()},
        headers=patient_of(person.visit),
    )
    said(moved)
    person.page = old
    text = person.send(412, coming="yes")
    assert "Your appointment was changed in the meantime." in text and PHONE in text
    assert "Wednesday, December 9, 2026" in text
    assert row(run, person.visit).confirmed_at is None


# ------------------------------------------------------------------------------------------------- cancelling


def test_a_patient_cancels_with_a_reason_and_is_told(run: Runtime, person: Person) -> None:
    person.go("cancel")
    assert "Choose one of the reasons." in person.send(422)
    assert "Choose one of the reasons." in person.send(422, reason="because")
    assert row(run, person.visit).status == "booked"
    text = person.send(reason="not-needed")
    assert "This appointment is cancelled" in text and PHONE in text and "Book another appointment" in text
    assert (row(run, person.visit).status, row(run, person.visit).cancel_reason) == ("cancelled", "patient")
    assert kinds(run, person.visit)[-1] == "cancelled"


def test_a_button_that_is_pressed_twice_cancels_once_and_says_that_it_is_done(
    run: Runtime, person: Person
) -> None:
    person.go("cancel")
    asking = person.page
    for _ in range(2):
        person.page = asking
        assert "Your appointment is cancelled." in person.send(reason="other")
    assert kinds(run, person.visit).count("cancelled") == 1


def test_a_yes_that_is_pressed_twice_is_one(run: Runtime, person: Person) -> None:
    asking = person.page
    for _ in range(2):
        person.page = asking
        assert "This appointment is confirmed." in person.send(coming="yes")
    assert written(run).count(("patient", "confirm")) == 1


def test_a_cancelled_visit_says_so_for_as_long_as_its_link_lasts(person: Person) -> None:
    person.go("cancel")
    person.send(reason="other")
    text = person.arrive().text
    assert "This appointment is cancelled" in text and "What would you like to do?" not in text
    for page in ("cancel", "move", "convert", "contact", "where"):
        assert PHONE in person.go(page, 409)


def test_a_visit_that_begins_soon_can_be_cancelled_and_not_moved(client: FlaskClient, person: Person) -> None:
    soon = Person(client, booked(client, 2, start=at(1, 14).isoformat())).arrive()
    assert "It is too close to your appointment to change it here." in soon.text
    assert "Change the time" not in soon.text
    text = soon.go("move", 409)
    assert "It is too late to do this here." in text and PHONE in text
    soon.go("cancel")
    assert "This appointment is cancelled" in soon.send(reason="cannot-get-there")


def test_staff_read_why(client: FlaskClient, run: Runtime, person: Person) -> None:
    person.go("cancel")
    person.send(reason="time-does-not-suit")
    history = client.get(
        f"/v1/visits/{person.visit['id']}/history", headers=staff_with(run, *Scope)
    ).get_json()
    assert "time-does-not-suit" in str(history)


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (VisitStatus.FULFILLED, "This appointment took place"),
        (VisitStatus.NOSHOW, "We missed you"),
        (VisitStatus.ENTERED_IN_ERROR, "This appointment is cancelled"),
        (VisitStatus.CHECKED_IN, "We know that you are here"),
    ],
)
def test_every_state_has_words_of_its_own(
    run: Runtime, person: Person, status: VisitStatus, says: str
) -> None:
    with run.db.transaction() as session:
        session.execute(update(Visit).where(Visit.id == person.visit["id"]).values(status=status))
    assert says in person.go()
    assert "Cancel the appointment" not in person.text


# --------------------------------------------------------------------------------------------------- calendar


def test_the_entry_is_that_of_the_mail(client: FlaskClient, person: Person) -> None:
    answer = client.get(f"/my/{person.visit['id']}/invite.ics")
    assert (answer.status_code, answer.mimetype) == (200, "text/calendar")
    assert (
        answer.headers["Cache-Control"] == "no-store"
        and "attachment" in answer.headers["Content-Disposition"]
    )
    by_api = client.get(f"/v1/visits/{person.visit['id']}/invite.ics", headers=patient_of(person.visit))
    assert answer.data == by_api.data


# ------------------------------------------------------------------------------------------------- lost links

LOST = {"birth_month": "1", "birth_day": "1", "birth_year": "1950"}


def links_sent(run: Runtime) -> int:
    with run.db.transaction() as session:
        return len(session.scalars(select(Message.id).where(Message.kind == "links")).all())


def test_whoever_lost_their_link_gets_it_again_and_a_stranger_learns_nothing(
    client: FlaskClient, run: Runtime, visit: dict[str, Any]
) -> None:
    page = client.get("/find-appointment")
    assert page.status_code == 200 and "Find my appointment" in page.text
    theirs = client.post("/find-appointment", data={**LOST, "email": "pat0@patients.example"})
    assert links_sent(run) == 1
    nobodys = client.post("/find-appointment", data={**LOST, "email": "nobody@patients.example"})
    assert (theirs.status_code, theirs.text) == (nobodys.status_code, nobodys.text) == (200, nobodys.text)
    assert "Please look at your email" in theirs.text and links_sent(run) == 1


def test_a_slip_is_told_and_what_was_typed_stays(client: FlaskClient, run: Runtime) -> None:
    answer = client.post("/find-appointment", data={**LOST, "birth_month": "13", "email": "pat@"})
    assert answer.status_code == 422
    for words in ("Write a real date of birth", "like name@example.com", 'value="pat@"', 'value="13"'):
        assert words in answer.text
    answer = client.post("/find-appointment", data=LOST)
    assert "Give an email address or a phone number." in plain(answer.text)


def test_in_spanish_too(client: FlaskClient) -> None:
    spanish = {"Accept-Language": "es"}
    assert "Buscar mi cita" in client.get("/find-appointment", headers=spanish).text
    lost = client.get("/v/nothing", headers=spanish).text
    assert "No encontramos esta cita" in lost
    assert not re.search(r"/v/nothing", lost)
