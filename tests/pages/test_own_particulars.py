"""What patients tell on the pages of their visit: how to reach them, where they will be, what they accept."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from scheduler.bootstrap import Runtime
from scheduler.db.engine import Database
from scheduler.db.models import Recipient, Task
from scheduler.services.changes.whereabouts import answers
from scheduler.services.clinic.apply import apply
from scheduler.services.people.consents import agreed
from scheduler.services.people.recipients import contact_of, involved
from tests.api.people import booked
from tests.cast import at
from tests.conftest import CLINIC
from tests.pages.holder import Person, kinds, row, written
from tests.pages.test_own_moves import TELEHEALTH

PHONE = "(409) 555-0100"
BORN: dict[str, Any] = {"birth_month": "1", "birth_day": "1", "birth_year": "1950"}
HELPER = {"name": "Sam Example", "relationship": "child", "email": "sam@patients.example", "receives": "also"}
HERE: dict[str, Any] = {"state": "TX", "address": "1 Example Street, Exampleville", "phone": "409 555 0123"}


def reached(run: Runtime, visit: dict[str, Any]) -> Any:
    with run.db.transaction() as session:
        return contact_of(run.desk, session.scalars(involved(visit["id"])).one())


# ---------------------------------------------------------------------------------------------------- contact


def test_a_new_mail_address_gets_a_new_link_and_the_old_one_ends(
    client: FlaskClient, run: Runtime, person: Person
) -> None:
    assert 'value="pat0@patients.example"' in (person.go("contact"), person.page.text)[1]
    text = person.send(email="new@patients.example", **BORN)
    assert "We reach you as you wish from now on." in text
    assert reached(run, person.visit).email == "new@patients.example"
    assert kinds(run, person.visit)[-1] == "confirmed", "to somebody who was not told of it yet"
    assert "Your appointment" in person.go(), "whoever changed it stays inside"
    assert client.get(f"/v/{person.visit['token']}").status_code == 404


def test_a_stranger_with_the_phone_in_their_hand_does_not_know_the_birth_date(
    run: Runtime, person: Person
) -> None:
    person.go("contact")
    text = person.send(422, email="thief@elsewhere.example", **{**BORN, "birth_year": "1951"})
    assert "This is not the patient’s date of birth." in text
    assert 'value="thief@elsewhere.example"' in person.page.text, "what was typed stays"
    assert "Write a real date of birth" in person.send(422, birth_month="13")
    assert reached(run, person.visit).email == "pat0@patients.example"


def test_slips_are_told_and_nothing_typed_is_lost(run: Runtime, person: Person) -> None:
    person.go("contact")
    text = person.send(422, email="new@", phone="12", **BORN)
    assert "like name@example.com" in text and "phone number with area code" in text
    assert 'value="new@"' in person.page.text and 'value="12"' in person.page.text
    assert "Give an email address or a phone number." in person.send(422, email="", phone="", **BORN)
    assert "Did you mean new@gmail.com?" in person.send(422, email="new@gmial.com", phone="", **BORN)
    person.send(email="new@gmial.com", email_sure="new@gmial.com", phone="", **BORN)
    assert reached(run, person.visit).email == "new@gmial.com"


def test_the_same_again_changes_nothing(run: Runtime, person: Person) -> None:
    before = row(run, person.visit).version
    person.go("contact")
    person.send(**BORN)
    assert row(run, person.visit).version == before


def test_a_phone_alone_is_enough_and_language_and_channels_are_chosen(run: Runtime, person: Person) -> None:
    person.go("contact")
    person.send(email="", phone="(409) 555-0177", language="es", channels="email", **BORN)
    who = reached(run, person.visit)
    assert (who.email, who.phone, who.language, who.channels) == (None, "+14095550177", "es", ("email",))
    assert "Desde ahora le contactamos como usted quiere." in person.text


def test_who_wishes_texts_is_asked_to_agree_to_them(run: Runtime, person: Person) -> None:
    person.go("contact")
    text = person.send(phone="(409) 555-0177", channels=["email", "sms"], **BORN)
    assert person.path == "agree" and "Send me texts." in text
    person.send(agree="sms:1")
    with run.db.transaction() as session:
        assert "sms:1" in agreed(session, person.visit["id"])
    assert "Send me texts." not in person.go("agree")


def test_a_helper_changes_their_own_contact_and_not_the_patients(client: FlaskClient, run: Runtime) -> None:
    visit = booked(client, booked_by=HELPER)
    person = Person(client, visit).arrive()
    person.go("contact")
    assert "sam@patients.example" in person.page.text and "pat0@" not in person.page.text
    person.send(email="sam2@patients.example", **BORN)
    with run.db.transaction() as session:
        theirs = {
            each.role: contact_of(run.desk, each).email for each in session.scalars(involved(visit["id"]))
        }
    assert theirs == {"patient": "pat0@patients.example", "booked_by": "sam2@patients.example"}


def test_no_log_line_and_no_address_holds_what_was_typed(
    person: Person, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    person.go("contact")
    person.send(email="canary@patients.example", **BORN)
    said = " ".join(f"{each.getMessage()} {each.__dict__}" for each in caplog.records)
    assert "canary" not in said and person.visit["token"] not in said and "1950" not in said
    assert "canary" not in person.page.request.url


# ------------------------------------------------------------------------------------------------ whereabouts


def test_a_patient_says_where_they_will_be(run: Runtime, person: Person) -> None:
    assert "Please tell us where you will be" not in person.text, "nobody knows that a week before"
    person.go("where")
    assert "Write where you will be" in person.send(422, state="TX", phone="409 555 0123")
    text = person.send(**HERE, in_car="yes")
    assert "We know where you will be." in text and "Something is still missing" not in text
    with run.db.transaction() as session:
        (said,) = answers(session, run.desk.secrets.vault, person.visit["id"])
    assert (said.place.state, said.place.address, said.place.in_car) == ("TX", HERE["address"], True)
    assert said.place.phone == "+14095550123" and said.actor == "patient"


def test_on_the_day_before_the_page_asks_for_it(client: FlaskClient) -> None:
    person = Person(client, booked(client, start=at(1, 15).isoformat())).arrive()
    assert "Please tell us where you will be" in person.text
    person.go("where")
    assert "Please tell us where you will be" not in person.send(**HERE)


def test_the_page_repeats_no_address_to_whoever_has_the_phone(person: Person) -> None:
    person.go("where")
    person.send(**HERE)
    assert HERE["address"] not in person.page.text
    person.go("where")
    assert HERE["address"] not in person.page.text


def test_a_state_without_a_licence_is_kept_and_the_page_says_what_follows(
    run: Runtime, person: Person
) -> None:
    person.go("where")
    text = person.send(**{**HERE, "state": "LA"})
    assert "your practitioner may not see you by video. We will call you." in text and PHONE in text
    assert "Come in person instead" in text and "Change the time" in text
    with run.db.transaction() as session:
        assert "not-licensed" in session.scalars(select(Task.kind)).all()
    assert row(run, person.visit).status == "booked"
    person.go("where")
    assert "We know where you will be." in person.send(**HERE), "it can be corrected"


def test_a_visit_in_person_asks_nobody_where_they_are(client: FlaskClient) -> None:
    person = Person(client, booked(client, mode="in_person", location="main", state=None)).arrive()
    assert "where you will be" not in person.text
    person.go("where", 409)


# --------------------------------------------------------------------------------------------------- consents


def test_what_is_missing_is_read_and_agreed_to(run: Runtime, clinic: Database, person: Person) -> None:
    with clinic.transaction() as session:
        text = CLINIC.read_text(encoding="utf-8").replace("\n[holidays]", TELEHEALTH)
        apply(session, text, clinic.now(session), production=False)
    assert "Before we can see you by video, please read and agree." in person.go()
    text = person.go("agree")
    assert "I agree to video." in text and "checked" not in person.page.text
    assert "Send me texts." not in text, "who gave no number is not asked about texts"
    assert "Tick what you agree to." in person.send(422)
    assert "Thank you." in person.send(agree=["telehealth:2", "nonsense"])
    assert "Before we can see you" not in person.text
    with run.db.transaction() as session:
        assert agreed(session, person.visit["id"], ["patient"]) == {"telehealth:2"}
    assert ("patient", "consent") in written(run)


def test_where_everything_is_agreed_to_there_is_nothing_to_read(person: Person) -> None:
    person.go("agree")
    person.send(agree="privacy:1")
    person.go("agree")
    assert person.path == ""


def test_what_another_adult_agreed_to_is_asked_of_the_patient_again(
    client: FlaskClient, run: Runtime
) -> None:
    visit = booked(client, booked_by=HELPER, consents=["privacy:1"])
    theirs = Person(client, visit).arrive()
    theirs.go("agree")
    assert theirs.path == "", "the helper said it already"
    with run.db.transaction() as session:
        patient = session.scalars(
            select(Recipient).where(Recipient.visit_id == visit["id"], Recipient.role == "patient")
        ).one()
        token = run.desk.token(patient.link_key, patient.visit_id, patient.id, "manage", 0)
    mine = Person(client, {**visit, "token": token}).arrive()
    assert "I have read the notice." in mine.go("agree")
