"""The booking form from the first question to the appointment, without scripts."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from scheduler.bootstrap import Runtime, bootstrap
from scheduler.db.models import Callback, Consent, FormDraft, Hold, Visit
from scheduler.domain.actors import SYSTEM
from scheduler.domain.drafts import LASTS
from scheduler.services.booking import drafts
from scheduler.services.hours.time_off import take_off
from tests.conftest import serving, settings_for
from tests.pages.filling import ABOUT, Filling


@pytest.fixture
def person(client: FlaskClient) -> Filling:
    return Filling(client)


def count(run: Runtime, table: type) -> int:
    with run.db.transaction() as session:
        return session.execute(select(func.count()).select_from(table)).scalar_one()


def later(run: Runtime, **time: float) -> Filling:
    """Somebody whose clock, and the service's, went on."""
    offset = run.settings.clock_offset + timedelta(**time).total_seconds()
    settings = run.settings.model_copy(update={"clock_offset": offset})
    return Filling(serving(bootstrap(settings)).test_client())


def resumed(person: Filling, run: Runtime, **time: float) -> Filling:
    other = later(run, **time)
    other.page = person.page
    return other


# ------------------------------------------------------------------------------------------ the whole way


def test_a_visit_in_person_is_booked_page_by_page(person: Filling, run: Runtime) -> None:
    person.to_check()
    for said in ("Pat Example", "(409) 555-0123", "February 29, 1960", "pat@patients.example", "Follow-up"):
        assert said in person.text
    person.send()
    assert person.path == "done", person.text
    for told in ("Your appointment is booked", "100 Example Street", "Central time", "Add to calendar"):
        assert told in person.text
    assert re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}", person.text)
    assert count(run, Visit) == 1


@pytest.mark.parametrize(
    ("language", "told"),
    [("en", ("By video", "Change or cancel")), ("es", ("Por video", "Cambiar o cancelar"))],
)
def test_a_video_visit_is_booked_in_both_languages(
    client: FlaskClient, run: Runtime, language: str, told: tuple[str, ...]
) -> None:
    person = Filling(client, language)
    person.to_check(how="telemedicine")
    person.send()
    assert person.path == "done", person.text
    assert all(each in person.text for each in told)
    with run.db.transaction() as session:
        (visit,) = session.scalars(select(Visit)).all()
        assert (visit.mode, visit.status) == ("telemedicine", "booked")


def test_a_request_that_staff_have_to_approve_says_so(person: Filling) -> None:
    person.to_check(reason="reviewed", how="telemedicine")
    person.send()
    assert "We have your request" in person.text and "Until then" in person.text
    assert "Add to calendar" not in person.text


def test_the_entry_for_the_calendar_is_that_of_the_visit(person: Filling) -> None:
    person.to_check()
    person.send()
    entry = person.client.get(f"/book/{person.id}/invite.ics")
    assert entry.mimetype == "text/calendar" and b"BEGIN:VEVENT" in entry.data
    assert entry.headers["Cache-Control"] == "no-store"


def test_before_there_is_a_visit_there_is_no_entry(person: Filling) -> None:
    person.to_check()
    assert person.client.get(f"/book/{person.id}/invite.ics").status_code == 404


def test_what_somebody_agreed_to_is_kept_with_the_visit(person: Filling, run: Runtime) -> None:
    person.to_check()
    person.send()
    with run.db.transaction() as session:
        said = session.execute(select(Consent.kind, Consent.granted)).all()
    assert {tuple(each) for each in said} == {("privacy", True), ("sms", True)}


# ----------------------------------------------------------------------------------------- there and back


def test_nobody_comes_to_a_page_before_those_that_lead_there(person: Filling) -> None:
    person.start()
    person.send(who="me")
    for later_page in ("safety", "how", "where", "needs", "times", "about", "agree", "check", "done"):
        person.open(f"/book/{person.id}/{later_page}")
        assert person.path == "reason"


def test_back_shows_what_was_answered(person: Filling) -> None:
    person.to_check(how="telemedicine")
    expected = {
        "reason": 'value="follow-up" checked',
        "how": 'value="telemedicine" checked',
        "where": 'value="TX" selected',
        "about": 'value="Pat Example"',
    }
    for name, shown in expected.items():
        person.open(f"/book/{person.id}/{name}")
        assert person.path == name and shown in person.text
    person.open(f"/book/{person.id}/check")
    assert person.path == "check"


def test_the_same_answer_again_loses_nothing_and_another_one_what_hangs_on_it(person: Filling) -> None:
    person.to_check()
    person.open(f"/book/{person.id}/reason")
    person.send(reason="follow-up")
    assert person.path == "check"
    person.open(f"/book/{person.id}/reason")
    person.send(reason="buffered")
    assert person.path == "how"
    person.send(how="in_person")
    person.send(writes="en")
    person.send(slot=person.slots[0])
    person.agree() if person.path == "agree" else None
    assert person.path in ("about", "agree", "check")
    person.open(f"/book/{person.id}/about")
    assert 'value="Pat Example"' in person.text


def test_pressed_twice_it_books_once(person: Filling, run: Runtime) -> None:
    person.to_check()
    address = f"/book/{person.id}/check"
    first, second = (person.post(address) for _ in range(2))
    assert first.request.path == second.request.path and first.request.path.endswith("/done")
    assert count(run, Visit) == 1


def test_a_window_that_was_left_open_does_not_undo_what_was_booked(person: Filling, run: Runtime) -> None:
    person.to_check()
    with run.db.transaction() as session:
        row = session.scalars(select(FormDraft)).one()
        now = run.db.now(session)
        before = drafts.read(session, run.desk, row.id, now)
    person.send()
    with run.db.transaction() as session:
        drafts.save(session, run.desk, row.id, before, now)
    person.open(f"/book/{person.id}/reason")
    assert person.path == "done"


def test_a_booked_form_holds_nothing_of_the_person_any_more(person: Filling, run: Runtime) -> None:
    person.to_check()
    person.send()
    with run.db.transaction() as session:
        row = session.scalars(select(FormDraft)).one()
        left = drafts.read(session, run.desk, row.id, run.db.now(session))
    assert left.about is None and left.triage is None and left.visit is not None


def test_a_form_lasts_an_hour_and_is_then_nobodys(person: Filling, run: Runtime) -> None:
    person.to_times()
    address = f"/book/{person.id}/times"
    assert later(run, minutes=59).open(address).status_code == 200
    assert later(run, minutes=61).open(address).status_code == 404
    with run.db.transaction() as session:
        assert drafts.drop_ended(session, run.db.now(session)) == 0
        assert drafts.drop_ended(session, run.db.now(session) + LASTS) == 1


def test_a_kind_of_visit_that_the_website_names_is_not_asked_for(person: Filling) -> None:
    person.start("?visit_type=follow-up")
    person.send(who="me", visit_type="follow-up")
    assert person.path == "how"
    person.open(f"/book/{person.id}/reason")
    assert 'value="follow-up" checked' in person.text


# ------------------------------------------------------------------------------------------------- safety


def asked(person: Filling, reason: str = "asked") -> Filling:
    person.start()
    person.send(who="me")
    person.send(reason=reason)
    assert person.path == "safety"
    return person


def test_no_answer_is_chosen_beforehand_and_a_blank_is_asked_again(person: Filling) -> None:
    asked(person)
    assert " checked" not in person.text
    person.send(T1="no", T7="no")
    assert person.page.status_code == 422 and person.path == "safety"
    assert "Answer question 2 with yes or no." in person.text and "<title>Error:" in person.text
    assert person.text.count(" checked") == 2


def test_an_emergency_is_said_at_once_and_nothing_else_is_open(person: Filling, run: Runtime) -> None:
    asked(person).answer_no(T1="yes")
    assert person.path == "emergency"
    assert "Call 911." in person.text and 'href="tel:911"' in person.text
    for page in ("how", "times", "check"):
        person.open(f"/book/{person.id}/{page}")
        assert person.path == "safety"
    assert count(run, Hold) == 0


def test_answered_by_mistake_the_questions_can_be_answered_again(person: Filling) -> None:
    asked(person).answer_no(T1="yes")
    person.open(f"/book/{person.id}/safety")
    assert " checked" not in person.text
    person.answer_no()
    assert person.path == "how"


def test_who_must_talk_with_the_clinic_first_leaves_a_number_and_then_comes_in_person(
    person: Filling, run: Runtime
) -> None:
    asked(person).answer_no(T4="yes")
    assert person.path == "call" and "We must talk." in person.text
    person.send(name="Pat Example", phone="12")
    assert person.page.status_code == 422 and 'value="12"' in person.text
    person.send(name="Pat Example", phone="409.555.0123")
    assert "We have your number" in person.text
    assert count(run, Callback) == 1
    person.open(f"/book/{person.id}/how")
    assert "only a visit in person is possible" in person.text and 'value="telemedicine"' not in person.text
    person.send(how="telemedicine")
    assert person.page.status_code == 422


def test_after_half_an_hour_the_safety_questions_are_asked_again_and_nothing_else_is_lost(
    person: Filling, run: Runtime
) -> None:
    asked(person).answer_no()
    person.send(how="in_person")
    person.send(writes="en")
    person.send(slot=person.slots[0])
    other = resumed(person, run, minutes=31)
    other.send(**{**ABOUT, "name": "Pat Typed Example"})
    assert other.path == "safety" and "once more" in other.text
    other.answer_no()
    assert other.path == "about" and 'value="Pat Typed Example"' in other.text


# ------------------------------------------------------------------------------------------------- a time


def test_times_are_in_days_with_their_zone_and_the_first_one_on_top(person: Filling) -> None:
    person.to_times()
    assert "All times are in Central time." in person.text
    first = re.search(r'class="button main full first" name="slot" value="([^"]+)"', person.page.text)
    assert first and person.slots[0] == person.slots[1]
    assert 1 <= person.text.count("<summary>") <= 6
    assert "Morning" in person.text and "Afternoon" in person.text
    assert person.text.count("<details open>") == 1


def test_later_days_and_back(person: Filling) -> None:
    person.to_times()
    before = set(person.slots)
    link = re.findall(r'href="([^"]+from=[^"]+)"', person.text)[0]
    person.open(link)
    assert person.slots and not before & set(person.slots)
    assert "First free time" not in person.text and "Back to the first days" in person.text


def test_a_patient_by_video_reads_times_by_their_own_clock(person: Filling) -> None:
    person.to_times(how="telemedicine")
    person.open(f"/book/{person.id}/times?zone=America/New_York")
    assert "All times are in Eastern time." in person.text
    person.send(slot=person.slots[0], zone="America/New_York")
    assert "(Eastern time)" in person.text
    person.send(**ABOUT)
    person.agree()
    person.send()
    assert "Eastern time" in person.text and "at the clinic (Central time)" in person.text


def test_somebody_in_particular_is_the_one_who_gives_the_visit(person: Filling, run: Runtime) -> None:
    person.to_times()
    person.open(f"/book/{person.id}/times?practitioner=two")
    person.send(slot=person.slots[0], practitioner="two")
    person.send(**ABOUT)
    person.agree()
    person.send()
    with run.db.transaction() as session:
        assert session.scalars(select(Visit.practitioner)).one() == "two"


def test_a_state_without_a_licence_is_told_and_the_way_in_person_shown(person: Filling) -> None:
    person.start()
    person.send(who="me")
    person.send(reason="follow-up")
    person.send(how="telemedicine")
    person.send(where="AK")
    person.send(writes="en")
    assert person.path == "times" and not person.slots
    assert "has a licence there" in person.text and "The next visit in person" in person.text


def test_from_abroad_there_is_the_phone(person: Filling) -> None:
    person.start()
    person.send(who="me")
    person.send(reason="follow-up")
    person.send(how="telemedicine")
    person.send(where="abroad")
    assert person.path == "where" and "outside the United States" in person.text


@pytest.mark.parametrize(
    "slot", ["", "nonsense", "2026-12-03T10:00:00|main", "2026-12-05T03:00:00+00:00|main"]
)
def test_a_time_that_is_none_is_asked_again(person: Filling, slot: str) -> None:
    person.to_times()
    person.send(slot=slot)
    assert person.path == "times" and person.slots


def test_the_time_is_held_and_another_choice_lets_it_go(person: Filling, run: Runtime) -> None:
    person.to_about()
    assert "We keep this time for you until 6:10 AM" in person.text
    assert count(run, Hold) == 1
    person.open(f"/book/{person.id}/times")
    person.send(slot=person.slots[-1])
    assert count(run, Hold) == 1


def test_more_time_is_given_once_and_nothing_typed_is_lost(person: Filling, run: Runtime) -> None:
    person.to_about()
    other = resumed(person, run, minutes=9)
    other.send(**{**ABOUT, "email": "pat@", "act": "more"})
    assert other.path == "about" and 'value="pat@"' in other.text
    assert "until 6:19 AM" in other.text and "I need more time" not in other.text
    other.send(**{**ABOUT, "act": "more"})
    assert "until 6:19 AM" in other.text


def test_a_hold_that_ended_costs_nothing_while_the_time_is_free(person: Filling, run: Runtime) -> None:
    person.to_check(slot=-1)
    other = resumed(person, run, minutes=15)
    other.open(f"/book/{person.id}/check")
    assert "We no longer keep this time for you" in other.text
    other.send()
    assert other.path == "done"


def test_a_time_that_is_lost_costs_nothing_typed(person: Filling, run: Runtime) -> None:
    person.to_check(slot=-1)
    other = resumed(person, run, minutes=15)
    slot = person_takes_all_of(other, run)
    other.open(f"/book/{person.id}/check")
    other.send()
    assert other.path == "check" and other.page.status_code == 409
    assert "This time is no longer free" in other.text and "The nearest free times" in other.text
    assert slot not in other.slots
    other.post(f"/book/{person.id}/times", slot=other.slots[0])
    assert other.path == "check"
    other.send()
    assert other.path == "done" and "Pat Example" not in other.text


def person_takes_all_of(person: Filling, run: Runtime) -> str:
    """The time that was chosen is nobody's any more, whoever could give it."""
    with run.db.transaction() as session:
        row = session.scalars(select(FormDraft)).one()
        chosen = drafts.read(session, run.desk, row.id, run.db.now(session)).time
    assert chosen
    for who in ("one", "two", "three"):
        take_off(run.desk, who, chosen.start, chosen.start + timedelta(minutes=30), SYSTEM)
    return f"{chosen.start.isoformat()}|{chosen.location or ''}"


def test_whoever_may_hold_no_more_can_still_book(clinic: object, migrated: str) -> None:
    run = bootstrap(settings_for(migrated, holds_at_once=1))
    client = serving(run).test_client()
    first, second = Filling(client).to_about(), Filling(client)
    second.to_check()
    assert "We no longer keep" in second.text
    second.send()
    assert second.path == "done" and first.id != second.id
    run.db.dispose()
