"""A visit's page, and what is done to the visit from there."""

import re
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from scheduler.bootstrap import Runtime
from scheduler.db.models import Message, Recipient
from scheduler.domain.clinic import Mode
from scheduler.domain.messages import ChannelName
from scheduler.domain.people import Booker, Receives
from scheduler.domain.visits import Act
from scheduler.services.booking.making import book
from scheduler.services.telling.suppressing import suppress
from scheduler.services.visits.reading import VisitView
from tests.cast import at
from tests.pages.staff.desk import Desk, buttons, leads_to, plain
from tests.services.asking import in_person, request


@pytest.fixture
def visit(run: Runtime) -> VisitView:
    """At ten on Tuesday in a week, by video."""
    return book(
        run.desk, request(at(8, 10), practitioner="one", name="Ana Example", phone="+14095550123")
    ).visit


def told(desk: Desk) -> list[str]:
    """What was planned to be told, besides reminders."""
    with desk.run.db.transaction() as session:
        kinds = select(Message.kind).where(Message.offset_minutes == 0, Message.state == "pending")
        return list(session.scalars(kinds.order_by(Message.id)))


def test_a_visits_page_says_who_when_where_and_what_was_done(desk: Desk, visit: VisitView) -> None:
    said = plain(desk.get(f"/visits/{visit.id}"))
    for words in (
        "Ana Example",
        "born Jan 1, 1950 (76)",
        "Tuesday, December 8, 2026, 10:00 AM",
        "Dr. Example One",
        "By video",
        visit.reference,
        "(409) 555-0123",
        "pat0@patients.example",
        "Book Booked Patient",
    ):
        assert words in said
    assert desk.audited() == ["read", "read-history", "read-messages"]


def test_a_visit_goes_its_way_with_one_tap_each_and_each_tap_is_taken_back(
    desk: Desk, visit: VisitView
) -> None:
    for act, status in (("arrive", "arrived"), ("check-in", "checked-in"), ("complete", "fulfilled")):
        answer = desk.act(visit.id, act)
        assert leads_to(answer) == (f"/staff/visits/{visit.id}", {"done": act})
        assert desk.row(visit.id).status == status
        assert "/undo" in desk.get(f"/visits/{visit.id}", done=act)
    desk.act(visit.id, "undo")
    assert desk.row(visit.id).status == "checked-in"
    assert "/undo" not in desk.get(f"/visits/{visit.id}", done="undo")


def test_the_next_step_is_the_first_button(desk: Desk, visit: VisitView) -> None:
    def first() -> str:
        found = re.search(r'/([\w-]+)" class="tap"', desk.get(f"/visits/{visit.id}"))
        assert found
        return found[1]

    assert first() == "arrive"
    desk.act(visit.id, "arrive")
    assert first() == "check-in"


def test_a_request_is_approved_and_the_patient_is_told(desk: Desk) -> None:
    asked = book(desk.run.desk, request(at(8, 10), visit_type="reviewed")).visit
    assert "Answer this request" in plain(desk.get())
    desk.act(asked.id, "approve")
    assert (desk.row(asked.id).status, told(desk)) == ("booked", ["confirmed"])
    assert "No request waits." in desk.get()


def test_a_page_that_is_no_longer_true_is_refused_with_the_visit_as_it_is_now(
    desk: Desk, visit: VisitView
) -> None:
    seen = desk.version(visit.id)
    desk.act(visit.id, "arrive")
    late = desk.post(f"/visits/{visit.id}/no-show", 409, version=seen)
    assert "Somebody changed this visit in the meantime" in late.text
    assert f'name="version" value="{desk.version(visit.id)}"' in late.text
    assert desk.row(visit.id).status == "arrived"


def test_what_the_state_does_not_allow_is_said_and_not_done(desk: Desk, visit: VisitView) -> None:
    refused = desk.act(visit.id, "complete", 409)
    assert "in a state that does not allow this" in refused.text
    assert desk.row(visit.id).status == "booked"


def test_a_cancel_asks_why_tells_the_patient_and_comes_back(desk: Desk, visit: VisitView) -> None:
    assert "Choose a reason first" in desk.act(visit.id, "cancel", 422).text
    assert "Choose a reason first" in desk.act(visit.id, "cancel", 422, reason="because").text
    desk.act(visit.id, "cancel", reason="practitioner-away")
    row = desk.row(visit.id)
    assert (row.status, row.cancel_reason, told(desk)) == ("cancelled", "practitioner-away", ["cancelled"])
    said = plain(desk.get(f"/visits/{visit.id}", done="cancel"))
    assert "The visit is cancelled; the patient is told. Undo" in said
    desk.act(visit.id, "undo")
    assert (desk.row(visit.id).status, told(desk)) == ("booked", ["confirmed"])


def test_a_visit_that_never_should_have_been_is_entered_in_error(desk: Desk, visit: VisitView) -> None:
    desk.act(visit.id, "entered-in-error", 422)
    desk.act(visit.id, "entered-in-error", reason="wrong-patient")
    assert desk.row(visit.id).status == "entered-in-error"
    assert "Wrong patient" in desk.get(f"/visits/{visit.id}")


def test_a_name_with_markup_stays_a_name(desk: Desk) -> None:
    evil = '<img src=x onerror="alert(1)">Eve {{7*7}} Example'
    visit = book(desk.run.desk, request(at(8, 10), name=evil)).visit
    for page in (
        f"/visits/{visit.id}",
        "/day",
        "/day?view=list",
        "/week",
        f"/visits/{visit.id}/move",
        f"/visits/{visit.id}/contact",
        "/calls",
        "",
    ):
        path, _, view = page.partition("?view=")
        page_text = desk.get(path, date="2026-12-08", view=view)
        assert "<img" not in page_text and "49" not in plain(page_text).replace("2049", "")


# ------------------------------------------------------------------------------------------------- moving


def test_a_visit_is_moved_to_one_of_the_times_that_are_shown(desk: Desk, visit: VisitView) -> None:
    page = desk.get(f"/visits/{visit.id}/move")
    times = buttons(page, "time")
    assert "2026-12-08T16:15:00+00:00|one|" in times
    moved = desk.act(visit.id, "move", time="2026-12-09T20:00:00+00:00|two|", mode="telemedicine")
    assert leads_to(moved)[1] == {"done": "reschedule"}
    row = desk.row(visit.id)
    assert (row.starts_at, row.practitioner, told(desk)) == (at(9, 14), "two", ["changed"])


def test_a_visit_is_converted_at_another_place(desk: Desk, visit: VisitView) -> None:
    page = desk.get(f"/visits/{visit.id}/move", mode="in_person", practitioner="any")
    assert any(each.endswith("|three|north") for each in buttons(page, "time"))
    desk.act(visit.id, "move", time="2026-12-08T16:00:00+00:00|three|north", mode="in_person")
    row = desk.row(visit.id)
    assert (row.mode, row.location, row.practitioner) == (Mode.IN_PERSON, "north", "three")


def test_a_time_that_somebody_took_is_refused_above_the_times_that_are_left(
    desk: Desk, visit: VisitView
) -> None:
    book(desk.run.desk, request(at(9, 14), 1, practitioner="two"))
    taken = "2026-12-09T20:00:00+00:00|two|"
    refused = desk.act(visit.id, "move", 409, time=taken, mode="telemedicine", practitioner="two")
    assert "no longer free" in refused.text
    assert taken not in buttons(refused.text, "time")


def test_times_within_the_notice_are_shown_and_taken_with_a_reason(desk: Desk, visit: VisitView) -> None:
    """It is six; the notice is four hours."""
    early = "2026-12-01T15:00:00+00:00|one|"
    path = f"/visits/{visit.id}/move"
    query: dict[str, Any] = {"from": "2026-12-01"}
    assert early not in buttons(desk.get(path, **query), "time")
    page = desk.get(path, **query, aside_notice="yes")
    assert early in buttons(page, "time") and "Why the rules are set aside" in page
    form: dict[str, Any] = {"time": early, "mode": "telemedicine", "aside_notice": "yes"}
    assert "a reason where a rule is set aside" in desk.act(visit.id, "move", 422, **form).text
    desk.act(visit.id, "move", **form, why="urgent")
    assert desk.row(visit.id).starts_at == at(1, 9)


def test_taken_time_stays_taken_whatever_is_set_aside(desk: Desk, visit: VisitView) -> None:
    book(desk.run.desk, request(at(8, 11), 1, practitioner="one"))
    everything: dict[str, Any] = {f"aside_{rule}": "yes" for rule in ("notice", "horizon", "limit")}
    form: dict[str, Any] = {"time": "2026-12-08T17:00:00+00:00|one|", "mode": "telemedicine", "why": "urgent"}
    desk.act(visit.id, "move", 409, **form, **everything)


def test_times_are_asked_for_in_what_the_clinic_has(desk: Desk, visit: VisitView) -> None:
    asked: dict[str, Any] = {"practitioner": "nobody", "location": "nowhere", "mode": "by-foot", "from": "x"}
    assert "Choose a time" in desk.get(f"/visits/{visit.id}/move", **asked)
    assert "Choose a time" in desk.get("/book", visit_type="limited", **{**asked, "mode": "in_person"})


def test_a_visit_that_is_over_is_not_moved(desk: Desk, visit: VisitView) -> None:
    for act in ("arrive", "check-in", "complete"):
        desk.act(visit.id, act)
    assert "does not allow this" in desk.get(f"/visits/{visit.id}/move", 409)


# ------------------------------------------------------------------------------------------------- people


def test_a_contact_is_changed_and_the_new_address_is_told(desk: Desk, visit: VisitView) -> None:
    page = desk.get(f"/visits/{visit.id}/contact")
    assert 'value="pat0@patients.example"' in page
    form: dict[str, Any] = {
        "recipient": "patient",
        "email": "new@patients.example",
        "phone": "409 555 0188",
        "language": "es",
    }
    desk.act(visit.id, "contact", **form, silent="yes")
    said = desk.get(f"/visits/{visit.id}")
    assert "new@patients.example" in said and "(409) 555-0188" in said and "Español" in said
    assert told(desk) == ["confirmed"]


def test_a_contact_that_is_none_is_said_beside_its_field(desk: Desk, visit: VisitView) -> None:
    wrong = desk.act(visit.id, "contact", 422, recipient="patient", email="pat@", phone="", language="en")
    assert 'id="email-error"' in wrong.text and 'value="pat@"' in wrong.text
    none = desk.act(visit.id, "contact", 422, recipient="patient", email="", phone="", language="en")
    assert "Give an email address or a phone number" in none.text


def test_an_address_to_which_mail_came_back_is_mailed_again(desk: Desk, visit: VisitView) -> None:
    button = "Mail this address again"
    assert button not in desk.get(f"/visits/{visit.id}")
    with desk.run.db.transaction() as session:
        hashed = session.scalars(select(Recipient.email_hash)).one()
        assert hashed
        suppress(session, ChannelName.EMAIL, hashed, "bounced", desk.run.db.now(session))
    page = desk.get(f"/visits/{visit.id}")
    assert "Mail comes back: nothing is sent there." in page and button in page
    desk.act(visit.id, "mail-again", 404, recipient="somebody")
    desk.act(visit.id, "mail-again", recipient="patient")
    said = desk.get(f"/visits/{visit.id}", done="mail-again")
    assert "This address gets mail again." in said and "Mail comes back" not in said
    assert ">Mail this address again<" in said, "the history says it"


def test_an_address_of_somebody_else_is_not_offered_and_refused(desk: Desk, visit: VisitView) -> None:
    with desk.run.db.transaction() as session:
        hashed = session.scalars(select(Recipient.email_hash)).one()
        assert hashed
        suppress(session, ChannelName.EMAIL, hashed, Act.NOT_YOU, desk.run.db.now(session))
    page = desk.get(f"/visits/{visit.id}")
    assert "Its reader is somebody else" in page and "Mail this address again" not in page
    refused = desk.act(visit.id, "mail-again", 409, recipient="patient")
    assert "Enter another address" in refused.text


def test_links_are_ended_and_those_of_a_helper_for_good(desk: Desk, visit: VisitView) -> None:
    desk.act(visit.id, "revoke-links", recipient="patient")
    desk.act(visit.id, "revoke-links", 404, recipient="somebody")
    assert "The old links open nothing any more" in desk.get(f"/visits/{visit.id}", done="revoke-links")
    desk.act(visit.id, "end-helper")
    assert "End the access" not in desk.get(f"/visits/{visit.id}")


def test_the_guardian_of_a_minor_is_not_taken_away(desk: Desk) -> None:
    booker = Booker(name="Kim Example", email="kim@x.example", relationship="parent", receives=Receives.ALSO)
    asked = replace(request(at(9, 10), 5, birth_date="2012-05-05"), booked_by=booker)
    visit = book(desk.run.desk, asked).visit
    refused = plain(desk.act(visit.id, "end-helper", 409).text)
    assert "Somebody who is responsible for the patient" in refused
    assert "Kim Example" in desk.get(f"/visits/{visit.id}")


def test_in_person_visits_say_where(desk: Desk) -> None:
    visit = book(desk.run.desk, in_person(at(8, 10), location="north")).visit
    assert "North Office" in desk.get(f"/visits/{visit.id}")
