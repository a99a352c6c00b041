"""A patient moves their visit without calling: to another time, and between video and in person."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from scheduler.bootstrap import Runtime
from scheduler.db.engine import Database
from scheduler.services.clinic.apply import apply
from tests.api.people import booked, said
from tests.cast import at, wish
from tests.conftest import CLINIC
from tests.pages.holder import Person, kinds, row, written

PHONE = "(409) 555-0100"
IN_PERSON: dict[str, Any] = {"mode": "in_person", "location": "main", "practitioner": "one", "state": None}
NO: dict[str, Any] = dict.fromkeys(("T1", "T4", "T7", "T9"), "no")
TELEHEALTH = """
[[consents]]
kind = "telehealth"
version = "2"
modes = ["telemedicine"]
required = true
text = { en = "I agree to video.", es = "Acepto el video." }

[holidays]"""


@pytest.fixture
def visit(client: FlaskClient) -> dict[str, Any]:
    """By video with Dr. One, on Tuesday in a week at 10:00."""
    return booked(client, practitioner="one")


@pytest.fixture
def in_person(client: FlaskClient) -> Person:
    return Person(client, booked(client, 1, **IN_PERSON)).arrive()


def slot(day: int, hour: int, where: str = "", who: str = "one") -> str:
    """As the button of a time says it."""
    return f"{at(day, hour).astimezone(at(1, 0).tzinfo).isoformat()}|{where}|{who}"


def somebody_takes(client: FlaskClient, day: int, hour: int, **more: Any) -> None:
    said(client.post("/v1/visits", json=wish(at(day, hour), 9, practitioner="one", **more)), 201)


# ------------------------------------------------------------------------------------------------------ times


def test_free_times_are_those_of_the_same_practitioner_by_day_in_a_named_zone(person: Person) -> None:
    text = person.go("move")
    assert "All times are in Central time." in text and "First free time" in text
    assert "Tuesday, December 8, 2026, 10:00 AM" in text, "what it is now"
    assert {value.split("|")[2] for value in person.slots} == {"one"}
    assert all("2026-12-08T16:00" not in value for value in person.slots), "the time that it has is no change"
    assert len(re.findall(r"<details", person.page.text)) == 6


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "soon", "2026-02-30"])
def test_an_address_that_names_no_day_shows_the_first_free_times(person: Person, day: str) -> None:
    first = person.go("move") and person.slots
    person.get(f"/my/{person.visit['id']}/move?from={day}")
    assert (person.page.status_code, person.slots) == (200, first)


def test_anybodys_times_can_be_asked_for_and_those_of_one_office(in_person: Person) -> None:
    in_person.go("move")
    filters = in_person.forms[-1]
    assert filters.fields["practitioner"] == ["one"]
    text = in_person.go("move", practitioner="", location="north")
    assert {value.split("|")[1:][0] for value in in_person.slots} == {"north"}
    assert {value.split("|")[2] for value in in_person.slots} == {"three"}
    assert "North Office" in text


def test_a_patient_elsewhere_reads_times_by_their_own_clock(person: Person) -> None:
    text = person.go("move", zone="America/Los_Angeles")
    assert "All times are in Pacific time." in text
    assert "7:00 AM" in text


def test_later_days_are_a_link(person: Person) -> None:
    person.go("move")
    (later,) = re.findall(r'href="([^"]+from=[^"]+)"', person.page.text)
    first = person.slots[-1]
    person.get(later.replace("&amp;", "&"))
    assert min(person.slots) > first
    assert "Back to the first days" in person.text


@pytest.mark.parametrize(
    "nonsense", [{"from": "soon"}, {"zone": "Mars"}, {"practitioner": "x"}, {"mode": "x"}]
)
def test_what_an_address_cannot_mean_is_passed_over(person: Person, nonsense: dict[str, Any]) -> None:
    assert "First free time" in person.go("move", **nonsense)


# ----------------------------------------------------------------------------------------------------- moving


def test_a_patient_moves_their_visit(run: Runtime, person: Person) -> None:
    before = row(run, person.visit)
    person.go("move")
    chosen = person.slots[5]
    text = person.choose(chosen)
    assert "Is this right?" in text and "Tuesday, December 8, 2026" in text
    assert row(run, person.visit).starts_at == before.starts_at
    text = person.send(sure="yes")
    assert "Your appointment has a new time." in text
    now = row(run, person.visit)
    assert now.starts_at.isoformat() != before.starts_at.isoformat()
    assert chosen.startswith(now.starts_at.isoformat().replace("+00:00", "")[:16])
    assert (now.sequence, now.uid, now.practitioner) == (before.sequence + 1, before.uid, "one")
    assert kinds(run, person.visit)[-1] == "changed"
    assert ("patient", "reschedule") in written(run)


def test_who_goes_back_after_a_move_finds_the_visit_and_nothing_to_choose(
    run: Runtime, person: Person
) -> None:
    person.go("move")
    person.choose(slot(9, 11))
    person.send(sure="yes")
    person.go("move/check", slot=slot(9, 11))
    assert person.path == "" and row(run, person.visit).sequence == 1


def test_a_move_needs_a_yes(run: Runtime, person: Person) -> None:
    person.go("move")
    person.choose(person.slots[5])
    assert "Choose yes or no." in person.send(422)
    assert "Nothing was changed." in person.send(sure="no")
    assert row(run, person.visit).sequence == 0


def test_a_move_to_another_office_says_where(client: FlaskClient, run: Runtime, in_person: Person) -> None:
    in_person.go("move", practitioner="")
    there = next(value for value in in_person.slots if "|north|" in value)
    text = in_person.choose(there)
    assert "200 Example Avenue" in text and "Dr. Example Three" in text
    in_person.send(sure="yes")
    assert (row(run, in_person.visit).location, row(run, in_person.visit).practitioner) == ("north", "three")


def test_a_time_that_somebody_else_took_is_answered_with_the_nearest_ones(
    client: FlaskClient, run: Runtime, person: Person
) -> None:
    person.go("move")
    person.choose(slot(9, 11))
    asking = person.page
    somebody_takes(client, 9, 11)
    person.page = asking
    text = person.send(409, sure="yes")
    assert "This time is no longer free" in text and "The nearest free times" in text
    nearest = person.slots[0]
    person.choose(nearest)
    person.send(sure="yes")
    assert row(run, person.visit).sequence == 1


def test_a_time_that_is_not_offered_is_answered_with_times_that_are(person: Person, run: Runtime) -> None:
    person.go("move")
    person.choose(slot(9, 3))
    assert "This time is no longer free" in person.send(409, sure="yes")
    assert person.slots and row(run, person.visit).sequence == 0


def test_what_no_button_says_leads_back_to_the_times(person: Person) -> None:
    for nonsense in ("", "x|y|z", "2026-12-09T10:00:00||one", "2026-12-09T10:00:00+00:00||nobody"):
        person.go("move/check", slot=nonsense)
        assert person.path == "move"


def test_two_windows_move_it_once(run: Runtime, person: Person) -> None:
    person.go("move")
    one, two = person.slots[-3:-1]
    person.choose(two)
    second = person.page
    person.get(f"/my/{person.visit['id']}/move")
    person.choose(one)
    person.send(sure="yes")
    person.page = second
    assert "Your appointment was changed in the meantime." in person.send(412, sure="yes")
    assert row(run, person.visit).sequence == 1


def test_a_button_that_is_pressed_twice_moves_once_and_says_that_it_is_done(
    run: Runtime, person: Person
) -> None:
    person.go("move")
    person.choose(slot(9, 11))
    asking = person.page
    for _ in range(2):
        person.page = asking
        assert "Your appointment has a new time." in person.send(sure="yes")
    assert row(run, person.visit).sequence == 1
    assert kinds(run, person.visit).count("changed") == 1


def test_a_second_visit_at_the_same_time_is_said(client: FlaskClient, run: Runtime, person: Person) -> None:
    again = wish(at(9, 11), 0, practitioner="two")
    said(client.post("/v1/visits", json=again), 201)
    person.go("move")
    person.choose(slot(9, 11))
    text = person.send(409, sure="yes")
    assert "You have another appointment with us at that time." in text and PHONE in text
    assert row(run, person.visit).sequence == 0


# ------------------------------------------------------------------------------------------------- converting


def test_a_video_visit_becomes_one_in_person_at_the_same_time(run: Runtime, person: Person) -> None:
    assert "Come in person instead" in person.text
    text = person.go("convert")
    assert person.path == "move" and "Keep the same time" in text
    text = person.choose(person.slots[0])
    assert "100 Example Street" in text
    text = person.send(sure="yes")
    assert "Your appointment is changed." in text and "Main Office" in text
    now = row(run, person.visit)
    assert (now.mode, now.starts_at, now.sequence) == ("in_person", at(8, 10), 1)
    assert ("patient", "convert") in written(run)


def test_a_visit_in_person_becomes_one_by_video_where_somebody_has_a_licence(
    run: Runtime, in_person: Person
) -> None:
    text = in_person.go("convert")
    assert "Where will you be during the video visit?" in text
    assert "Choose the state where you will be." in in_person.go("convert", 422, state="")
    text = in_person.go("convert", state="LA")
    assert "none of our practitioners has a licence there" in text and PHONE in text
    assert "not possible from outside the United States" in in_person.go("convert", state="abroad")
    in_person.go("convert", state="TX")
    assert "By video – Texas" in in_person.choose(in_person.slots[0])
    in_person.send(sure="yes")
    now = row(run, in_person.visit)
    assert (now.mode, now.state, now.starts_at) == ("telemedicine", "TX", at(8, 10))
    assert "Come in person instead" in in_person.text


def test_without_a_state_nobody_comes_to_times_by_video(in_person: Person) -> None:
    in_person.go("move", mode="telemedicine")
    assert in_person.path == "convert"


def test_a_video_visit_needs_consent_and_asks_for_it_on_the_way(
    client: FlaskClient, run: Runtime, clinic: Database, in_person: Person
) -> None:
    with clinic.transaction() as session:
        text = CLINIC.read_text(encoding="utf-8").replace("\n[holidays]", TELEHEALTH)
        apply(session, text, clinic.now(session), production=False)
    in_person.go("convert", state="TX")
    assert "I agree to video." in in_person.choose(in_person.slots[0])
    text = in_person.send(422, sure="yes")
    assert "Please read this and tick the box." in text
    assert row(run, in_person.visit).mode == "in_person"
    in_person.send(sure="yes", agree="telehealth:2")
    assert row(run, in_person.visit).mode == "telemedicine"


def test_what_staff_look_at_first_is_asked_for_by_phone(client: FlaskClient) -> None:
    person = Person(client, booked(client, **{**IN_PERSON, "visit_type": "reviewed", "new_patient": True}))
    text = person.arrive().go("convert")
    assert "we look at your wish first" in text and PHONE in text


def test_what_is_given_in_one_way_only_is_not_converted(client: FlaskClient) -> None:
    person = Person(client, booked(client, visit_type="limited")).arrive()
    assert "Come in person" not in person.text
    assert "We offer this kind of appointment in this way only." in person.go("convert", 409)


# ------------------------------------------------------------------------------------------- safety questions


@pytest.fixture
def asked(client: FlaskClient) -> Person:
    """In person, of a type that asks the safety questions."""
    answers = {
        "visit_type": "asked",
        "version": "q1",
        "answers": dict.fromkeys(("T1", "T4", "T7", "T9"), False),
    }
    token = said(client.post("/v1/triage", json=answers))["token"]
    return Person(client, booked(client, 2, **IN_PERSON, visit_type="asked", triage=token)).arrive()


def test_the_questions_come_before_another_mode_and_their_answers_stand_in_no_address(
    run: Runtime, asked: Person
) -> None:
    asked.go("move", mode="telemedicine", state="TX")
    assert asked.path == "safety" and "checked" not in asked.page.text
    assert "Answer question 2 with yes or no." in asked.send(422, T1="no", T7="no", T9="no")
    text = asked.send(**NO)
    assert asked.path == "convert" and "Where will you be" in text
    asked.go("convert", state="TX")
    assert asked.path == "move"
    asked.choose(asked.slots[0])
    assert "Your appointment is changed." in asked.send(sure="yes")
    assert row(run, asked.visit).mode == "telemedicine"


def test_a_move_asks_no_questions(asked: Person) -> None:
    asked.go("move")
    assert asked.path == "move"


def test_an_emergency_is_told_at_once_and_the_visit_stays(run: Runtime, asked: Person) -> None:
    asked.go("safety")
    text = asked.send(**{**NO, "T1": "yes"})
    assert "Call 911." in text and "Nothing was changed." in text
    asked.go("convert", state="TX")
    assert asked.path == "safety", "such answers lead on to nothing"
    assert row(run, asked.visit).mode == "in_person"


def test_answers_that_ask_for_an_examination_leave_it_in_person(asked: Person) -> None:
    asked.go("safety")
    text = asked.send(**{**NO, "T4": "yes"})
    assert "only a visit in person is possible" in text and PHONE in text


def test_a_forged_answer_counts_for_nothing(client: FlaskClient, asked: Person) -> None:
    client.set_cookie(f"__Host-safety-{asked.visit['id'].replace('-', '')}", "forged")
    asked.go("convert")
    assert asked.path == "safety"


def test_in_spanish_every_page_of_a_move_is_spanish(client: FlaskClient, visit: dict[str, Any]) -> None:
    person = Person(client, visit, "en").arrive()
    person.go("move", language="es")
    assert "Primera hora libre" in person.text
    form = next(each for each in person.forms if each.buttons)
    assert form.fields["language"] == ["es"]
    text = person.choose(person.slots[3])
    assert "¿Está bien así?" in text
