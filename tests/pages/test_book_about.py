"""What somebody writes about themselves: errors beside their field, slips asked about, minors, helpers."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from scheduler.bootstrap import Runtime
from scheduler.db.models import Recipient
from tests.pages.filling import ABOUT, HELPER, Filling


@pytest.fixture
def person(client: FlaskClient) -> Filling:
    return Filling(client)


@pytest.fixture
def helper(client: FlaskClient) -> Filling:
    """Somebody who books for another person, at the page about both."""
    helper = Filling(client).start()
    helper.send(who="other")
    helper.send(reason="follow-up")
    helper.send(how="in_person")
    helper.send(writes="en")
    helper.send(slot=helper.slots[0])
    assert helper.path == "about"
    return helper


CASES = [
    ({"name": ""}, "name", "Write the full name."),
    ({"name": "12"}, "name", "write a name with letters"),
    ({"name": "Pat\u2028Example"}, "name", "control characters"),
    ({"birth_month": ""}, "birth", "Write a real date of birth"),
    ({"birth_month": "13"}, "birth", "Write a real date of birth"),
    ({"birth_day": "31"}, "birth", "Write a real date of birth"),
    ({"birth_day": "28", "birth_year": "1066"}, "birth", "Check the year of birth."),
    ({"birth_day": "28", "birth_year": "2090"}, "birth", "must be in the past"),
    ({"birth_year": "sixty"}, "birth", "Write a real date of birth"),
    ({"email": "pat@"}, "email", "like name@example.com"),
    ({"phone": "123"}, "phone", "with area code"),
    ({"email": "", "phone": ""}, "email", "Give an email address or a phone number."),
]


@pytest.mark.parametrize(("typed", "field", "told"), CASES)
def test_an_error_is_said_on_top_and_at_its_field_and_what_was_typed_stays(
    person: Filling, typed: dict[str, str], field: str, told: str
) -> None:
    person.to_about()
    person.send(**{**ABOUT, **typed})
    assert person.page.status_code == 422 and "<title>Error: About you" in person.text
    assert f'<a href="#{field}">' in person.text and f'id="{field}-error"' in person.text
    assert person.text.count(told) == 2
    for name, value in {**ABOUT, **typed}.items():
        assert f'name="{name}"' in person.text
        assert not value or value in person.text
    person.send(**ABOUT)
    assert person.path == "agree"


PHONES = ["(409) 555-0123", "409-555-0123", "409.555.0123", "+1 409 555 0123", "1 409 5550123", "4095550123"]


@pytest.mark.parametrize("phone", PHONES)
def test_any_way_of_writing_a_number_is_understood(person: Filling, phone: str) -> None:
    person.to_about()
    person.send(**{**ABOUT, "phone": phone})
    person.agree()
    assert "(409) 555-0123" in person.text


def test_a_likely_slip_in_a_mail_address_is_asked_and_not_refused(person: Filling) -> None:
    person.to_about()
    person.send(**{**ABOUT, "email": "pat@gmial.com"})
    assert person.path == "about" and "Did you mean pat@gmail.com?" in person.text
    person.send(**{**ABOUT, "email": "pat@gmial.com", "email_sure": "pat@gmial.com"})
    assert person.path == "agree"


def test_another_slip_after_the_first_is_asked_again(person: Filling) -> None:
    person.to_about()
    person.send(**{**ABOUT, "email": "pat@hotmial.com", "email_sure": "pat@gmial.com"})
    assert "Did you mean pat@hotmail.com?" in person.text


def test_a_helper_says_who_they_are_and_who_is_written_to(helper: Filling, run: Runtime) -> None:
    helper.send(**{**ABOUT, "email": "", "phone": "", **HELPER, "receives": "instead"})
    helper.agree()
    assert "Sam Example (Son or daughter)" in helper.text
    helper.send()
    assert helper.path == "done"
    with run.db.transaction() as session:
        rows = session.execute(select(Recipient.role, Recipient.receives)).all()
        told = {row.role: row.receives for row in rows}
    assert told == {"patient": False, "booked_by": True}


def test_what_a_helper_leaves_out_is_asked_for(helper: Filling) -> None:
    helper.send(**ABOUT, booker_name="", relationship="", booker_email="", booker_phone="", receives="")
    for told in ("Write your full name.", "Choose what you are to the patient."):
        assert helper.text.count(told) == 2


def test_a_minor_needs_a_parent_or_guardian_who_books(helper: Filling) -> None:
    child = {**ABOUT, "birth_day": "28", "birth_year": "2015", "email": "", "phone": ""}
    helper.send(**child, **{**HELPER, "relationship": "friend"})
    assert helper.text.count("needs a parent or legal guardian to book") == 2
    helper.send(**child, **{**HELPER, "relationship": "parent"})
    helper.agree()
    helper.send()
    assert helper.path == "done"


def test_a_minor_alone_is_told_whom_to_ask(person: Filling) -> None:
    person.to_about()
    person.send(**{**ABOUT, "birth_day": "28", "birth_year": "2015"})
    assert "Go back to the first step and choose “Someone else”." in person.text


def test_another_answer_to_the_first_question_asks_again_who_it_is(person: Filling) -> None:
    person.to_check()
    person.open(f"/book/{person.id}/who")
    person.send(who="other")
    assert person.path == "about" and "About the patient and you" in person.text


def test_a_program_that_fills_in_what_people_do_not_see_books_nothing(person: Filling) -> None:
    person.to_about()
    person.send(**ABOUT, website="https://spam.example")
    assert person.page.status_code == 422 and "(409) 555-0100" in person.text
    person.start()
    person.send(who="me", website="https://spam.example")
    assert person.page.status_code == 422


def test_texts_are_asked_only_of_who_gave_a_number(person: Filling) -> None:
    person.to_about()
    person.send(**{**ABOUT, "phone": ""})
    assert "I have read the notice." in person.text and "Send me texts." not in person.text


def test_no_box_is_ticked_beforehand_and_none_that_is_free_has_to_be(person: Filling) -> None:
    person.to_about()
    person.send(**ABOUT)
    assert " checked" not in person.text
    person.send()
    assert person.path == "check"
