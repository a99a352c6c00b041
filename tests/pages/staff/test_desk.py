"""What there is to do, booking for a caller, finding a visit, time off, the numbers."""

import re
from enum import StrEnum
from typing import Any

import pytest
from sqlalchemy import select, text, update

from scheduler.bootstrap import Runtime
from scheduler.db.models import Message, Task, TimeOff, Visit
from scheduler.domain.messages import ChannelName, MessageKind, MessageState
from scheduler.domain.scopes import Scope
from scheduler.domain.tasks import TaskKind
from scheduler.domain.visits import Act, CancelReason, VisitStatus
from scheduler.services.booking.making import book
from scheduler.services.tasks.opening import open_task
from scheduler.web.staff.finding import understood
from scheduler.web.staff.numbers import as_csv
from scheduler.web.texts import words
from tests.cast import at
from tests.pages.staff.desk import Desk, buttons, leads_to, plain
from tests.services.asking import count, request


def task(desk: Desk, kind: str = TaskKind.NOT_YOU) -> int:
    """Something to do about a visit on Tuesday in a week."""
    visit = book(desk.run.desk, request(at(8, 10), name="Ana Example", phone="+14095550123")).visit
    with desk.run.db.transaction() as session:
        open_task(session, kind, visit.id, "test", at(1, 9), desk.run.db.now(session))
        return session.scalars(select(Task.id)).one()


# ------------------------------------------------------------------------------------------------- to do


def test_what_there_is_to_do_names_whom_to_call_and_in_which_language(desk: Desk) -> None:
    task(desk)
    said = plain(desk.get())
    assert "due Tue, Dec 1, 9:00 AM" in said
    assert "Call Ana Example: (409) 555-0123 , speaks English" in said


def test_a_task_is_taken_left_and_done_with_a_note(desk: Desk) -> None:
    id = task(desk)
    desk.post(f"/tasks/{id}/claim")
    assert "yours" in desk.get(done="claim") and "The task is yours." in desk.get(done="claim")
    desk.post(f"/tasks/{id}/release")
    assert "yours" not in desk.get()
    desk.post(f"/tasks/{id}/done", note="Reached her at her sister's.")
    assert "Nothing is left to do." in desk.get()
    acts = [act for act in desk.audited() if act != "list"]
    assert acts == ["claim", "release", "finish"]
    late = desk.post(f"/tasks/{id}/claim", 409)
    assert "Somebody else took this task" in late.text


def test_a_task_of_somebody_else_is_not_finished_over_their_head(desk: Desk) -> None:
    id = task(desk)
    desk.post(f"/tasks/{id}/claim")
    other = Desk(desk.run, name="kim")
    assert "taken by pat" in other.get()
    other.post(f"/tasks/{id}/done", 409, note="")


def test_a_call_says_what_is_to_be_said(desk: Desk) -> None:
    id = a_message(desk, state=MessageState.FAILED)
    with desk.run.db.transaction() as session:
        visit = session.scalars(select(Visit.id)).one()
        open_task(session, "unsendable", visit, f"message:{id}", at(1, 9), desk.run.db.now(session))
    for page in ("", "/calls"):
        assert "The visit is booked: date, time, place, with whom." in plain(desk.get(page))


def test_the_call_list_can_be_printed(desk: Desk) -> None:
    task(desk)
    with desk.run.db.transaction() as session:
        visit = session.scalars(select(Visit.id)).one()
        open_task(session, TaskKind.MISFIT, visit, "test", at(2, 9), desk.run.db.now(session))
    said = plain(desk.get("/calls"))
    assert "no longer fits" not in said, "that is tomorrow's"
    assert "Ana Example (409) 555-0123 English" in said and "Print" in said


@pytest.mark.parametrize(
    ("area", "codes"),
    [
        ("tasks", TaskKind),
        ("kinds", MessageKind),
        ("say", MessageKind),
        ("states", MessageState),
        ("channels", ChannelName),
        ("statuses", VisitStatus),
        ("acts", Act),
        ("reasons", CancelReason),
    ],
)
def test_every_code_that_a_page_may_show_has_its_words(area: str, codes: type[StrEnum]) -> None:
    """That the languages have the same ones is known already."""
    assert set(codes) - set(words("en")["staff"][area]) == set()


def test_an_account_without_visits_begins_where_it_may_go(run: Runtime) -> None:
    planner = Desk(run, frozenset({Scope.SCHEDULE}))
    page = planner.get()
    assert "Time off" in page and ">Day<" not in page


# ----------------------------------------------------------------------------------------------- booking

SLOT = "2026-12-08T16:00:00+00:00|one|"


def details(**more: Any) -> dict[str, Any]:
    return {
        "key": "drawn-with-the-form-1",
        "visit_type": "follow-up",
        "mode": "telemedicine",
        "state": "TX",
        "time": SLOT,
        "name": "Rosa Example",
        "birth_date_month": "2",
        "birth_date_day": "29",
        "birth_date_year": "1960",
        "phone": "409 555 0123",
        "email": "rosa@patients.example",
        "language": "es",
        "new_patient": "no",
        "consent_privacy:1": "yes",
        **more,
    }


def test_a_caller_is_booked_with_what_they_agreed_to(desk: Desk) -> None:
    asked: dict[str, Any] = {"mode": "telemedicine", "from": "2026-12-08"}
    page = desk.get("/book", visit_type="follow-up", **asked)
    assert SLOT in buttons(page, "time")
    form = desk.get("/book/details", visit_type="follow-up", mode="telemedicine", time=SLOT)
    assert "Tue, Dec 8, 10:00 AM" in form and "Dr. Example One" in form
    assert "I have read the notice." in form
    answer = desk.post("/book/details", **details())
    path, query = leads_to(answer)
    said = plain(desk.get(path.removeprefix("/staff"), **query))
    assert "The visit is booked." in said and "Rosa Example" in said and "Español" in said
    with desk.run.db.transaction() as session:
        visit = session.scalars(select(Visit)).one()
        consents = session.execute(text("SELECT kind, granted FROM consents ORDER BY kind")).all()
    assert (visit.starts_at, visit.practitioner, visit.new_patient) == (at(8, 10), "one", False)
    assert ("privacy", True) in [tuple(each) for each in consents]


def test_a_form_that_is_sent_twice_books_once(desk: Desk) -> None:
    first, again = (desk.post("/book/details", **details()) for _ in "ab")
    assert leads_to(first) == leads_to(again)
    assert count(desk.run, "visits") == 1


def test_what_is_wrong_is_said_on_top_and_beside_the_field_and_nothing_is_lost(desk: Desk) -> None:
    wrong = desk.post("/book/details", 422, **details(birth_date_month="13", phone="1", email="rosa@"))
    assert wrong.text.count('href="#birth_date"') == wrong.text.count('href="#phone"') == 1
    assert 'id="email-error"' in wrong.text and 'value="rosa@"' in wrong.text
    assert 'value="Rosa Example"' in wrong.text and "<title>Error:" in wrong.text
    assert 'name="key" value="drawn-with-the-form-1"' in wrong.text


def test_somebody_who_calls_for_the_patient_is_booked_with_them(desk: Desk) -> None:
    helper: dict[str, Any] = {
        "helper_name": "Parent Example",
        "helper_phone": "409 555 0177",
        "relationship": "parent",
        "receives": "also",
    }
    answer = desk.post("/book/details", **details(**helper))
    said = plain(desk.get(leads_to(answer)[0].removeprefix("/staff")))
    assert "Parent Example Booked by, Parent" in said


def test_a_time_that_is_gone_is_said_and_what_was_typed_stays(desk: Desk) -> None:
    book(desk.run.desk, request(at(8, 10), practitioner="one"))
    gone = desk.post("/book/details", 409, **details())
    assert "no longer free" in gone.text and 'value="Rosa Example"' in gone.text


def test_a_caller_gets_a_time_within_the_notice_with_a_reason(desk: Desk) -> None:
    early: dict[str, Any] = {"time": "2026-12-01T15:00:00+00:00|one|", "aside_notice": "yes"}
    form = desk.get("/book/details", visit_type="follow-up", mode="telemedicine", **early)
    assert 'name="aside_notice"' in form and "Why the rules are set aside" in form
    assert 'id="why-error"' in desk.post("/book/details", 422, **details(**early)).text
    desk.post("/book/details", **details(**early, why="urgent"))
    assert count(desk.run, "visits") == 1


@pytest.mark.parametrize(
    "query", [{}, {"visit_type": "nothing"}, {"visit_type": "follow-up", "mode": "by-foot", "time": "x"}]
)
def test_an_address_that_names_nothing_begins_anew(desk: Desk, query: dict[str, Any]) -> None:
    assert "Kind of visit" in desk.get("/book", **query)
    assert "Kind of visit" in desk.get("/book/details", **query)


# ----------------------------------------------------------------------------------------------- finding


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ("K7QM-2XWP", "reference"),
        ("k7qm2xwp", "reference"),
        ("409 555 0123", "phone"),
        ("(409) 555-0123", "phone"),
        ("pat@patients.example", "email"),
        ("2/29/1960", "birth_date"),
        ("1960-02-29", "birth_date"),
        ("Ana Example", "name"),
        ("Example", "name"),
        ("13/13/1960", "phone"),
    ],
)
def test_one_box_understands_what_callers_say(said: str, field: str) -> None:
    assert [*understood(said)] == [field]


@pytest.mark.parametrize(
    "said", ["Example", "409 555 0123", "1/1/1950", "pat0@patients.example", "reference"]
)
def test_a_callers_visit_is_found_and_the_address_says_nothing(desk: Desk, said: str) -> None:
    visit = book(desk.run.desk, request(at(8, 10), name="Ana Example", phone="+14095550123")).visit
    asked = visit.reference if said == "reference" else said
    answer = desk.post("/find", words=asked)
    path, query = leads_to(answer)
    assert path == "/staff/find" and asked not in answer.headers["Location"]
    page = desk.get("/find", **query)
    assert "Ana Example" in page and "1 found" in page
    assert plain(desk.get("/find", **query)) == plain(page), "Back works"
    stranger = Desk(desk.run, name="kim")
    assert "Ana Example" not in stranger.get("/find", **query)
    assert "search" in desk.audited()


def test_a_search_by_several_things_must_fit_all_of_them(desk: Desk) -> None:
    book(desk.run.desk, request(at(8, 10), name="Ana Example"))
    both: dict[str, Any] = {
        "name": "Example",
        "birth_date_month": "1",
        "birth_date_day": "1",
        "birth_date_year": "1950",
    }
    found = desk.get("/find", **leads_to(desk.post("/find", **both))[1])
    assert "1 found" in found
    nobody = desk.get("/find", **leads_to(desk.post("/find", **{**both, "birth_date_day": "2"}))[1])
    assert "No visit fits" in nobody


@pytest.mark.parametrize("said", [{}, {"words": ""}, {"words": "@"}, {"email": "pat@"}])
def test_a_search_for_nothing_says_what_is_missing(desk: Desk, said: dict[str, Any]) -> None:
    assert "There is a problem" in desk.post("/find", 422, **said).text


# ---------------------------------------------------------------------------------------------- schedule


def test_time_off_is_entered_and_says_whom_it_hits(desk: Desk) -> None:
    book(desk.run.desk, request(at(8, 10), practitioner="one", name="Ana Example"))
    stretch: dict[str, Any] = {"off_start": "2026-12-08T09:00", "off_end": "2026-12-08T12:00"}
    answer = desk.post("/time-off", off_practitioner="one", **stretch)
    path, query = leads_to(answer)
    said = plain(desk.get(path.removeprefix("/staff"), **query))
    assert "Dr. Example One is away" in said and "Ana Example" in said and "Booked" in said
    with desk.run.db.transaction() as session:
        off = session.scalars(select(TimeOff)).one()
    assert (off.during.lower, off.during.upper, off.created_by) == (at(8, 9), at(8, 12), "staff:pat")
    desk.post(f"/time-off/{off.id}/delete")
    assert count(desk.run, "time_off") == 0


@pytest.mark.parametrize(
    ("form", "field"),
    [
        (
            {"off_practitioner": "", "off_start": "2026-12-08T09:00", "off_end": "2026-12-08T12:00"},
            "off_practitioner",
        ),
        ({"off_practitioner": "one", "off_start": "soon", "off_end": "2026-12-08T12:00"}, "off_start"),
        (
            {"off_practitioner": "one", "off_start": "2026-12-08T12:00", "off_end": "2026-12-08T09:00"},
            "off_end",
        ),
    ],
)
def test_time_off_that_cannot_be_says_what_is_wrong(desk: Desk, form: dict[str, Any], field: str) -> None:
    wrong = desk.post("/time-off", 422, **form)
    assert f'id="{field}-error"' in wrong.text
    assert f'value="{form["off_end"]}"' in wrong.text


def test_extra_hours_are_entered_and_taken_back_with_what_lies_there(desk: Desk) -> None:
    stretch: dict[str, Any] = {"extra_start": "2026-12-12T09:00", "extra_end": "2026-12-12T12:00"}
    desk.post("/extra-hours", extra_practitioner="one", **stretch, extra_location="", mode_telemedicine="yes")
    page = desk.get("/schedule", done="extra-hours")
    assert "can be booked" in page and "Sat, Dec 12, 9:00 AM" in plain(page)
    book(desk.run.desk, request(at(12, 10), practitioner="one", name="Ana Example"))
    found = re.search(r"/staff/extra-hours/([\w-]+)/delete", page)
    assert found
    gone = desk.post(f"/extra-hours/{found[1]}/delete", 200)
    assert "Ana Example" in gone.text
    without = desk.post("/extra-hours", 422, extra_practitioner="one", **stretch, extra_location="")
    assert "There is a problem" in without.text


def test_a_planner_sees_whom_time_off_hits_but_no_way_to_their_visits(run: Runtime) -> None:
    planner = Desk(run, frozenset({Scope.SCHEDULE}))
    book(run.desk, request(at(8, 10), practitioner="one", name="Ana Example"))
    stretch: dict[str, Any] = {"off_start": "2026-12-08T09:00", "off_end": "2026-12-08T12:00"}
    path, _ = leads_to(planner.post("/time-off", off_practitioner="one", **stretch))
    page = planner.get(path.removeprefix("/staff"))
    assert "Ana Example" in page and "/staff/visits/" not in page


# ----------------------------------------------------------------------------------------------- numbers


def test_the_numbers_of_a_week_have_pictures_tables_and_a_file(desk: Desk) -> None:
    visit = book(desk.run.desk, request(at(8, 10))).visit
    desk.act(visit.id, "no-show")
    page = desk.get("/numbers", week="2026-12-07")
    assert page.count('<svg class="chart') >= 4 and page.count("<table>") == 4
    assert "100.0 %" in plain(page)
    file = desk.client.get("/staff/numbers.csv?week=2026-12-10")
    assert file.headers["Content-Disposition"] == 'attachment; filename="visits-2026-12-07.csv"'
    assert "2026-12-07,visits,telemedicine,noshow,1" in file.text.splitlines()


def test_a_week_without_anything_has_a_page_too(desk: Desk) -> None:
    assert "No visits in this week." in desk.get("/numbers", week="2030-01-01")
    assert desk.get("/numbers", week="nonsense")


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1"])
def test_a_spreadsheet_takes_no_cell_for_a_formula(cell: str) -> None:
    assert as_csv([(cell, -1)]).lstrip('"').startswith(f"'{cell[0]}")
    assert as_csv([("plain", -1)]) == "plain,-1\r\n"


# ---------------------------------------------------------------------------------------------- messages


def a_message(desk: Desk, **values: object) -> int:
    """The confirmation of a visit on Tuesday in a week."""
    book(desk.run.desk, request(at(8, 10), name="Ana Example"))
    with desk.run.db.transaction() as session:
        mine = update(Message).where(Message.kind == "confirmed").values(**values)
        return int(session.scalars(mine.returning(Message.id)).one())


def test_a_message_that_failed_is_listed_and_sent_again(desk: Desk) -> None:
    id = a_message(desk, state=MessageState.FAILED, last_error="550", attempt=8)
    said = plain(desk.get("/messages"))
    assert "Ana Example" in said and "Confirmation" in said and "failed 550" in said
    desk.post(f"/messages/{id}/again")
    with desk.run.db.transaction() as session:
        row = session.scalars(select(Message).where(Message.id == id)).one()
    assert (row.state, row.attempt, row.expires_at) == ("pending", 8, at(8, 10)), "tries are numbered on"
    assert "Every message arrived" in desk.get("/messages", done="message")
    assert "no longer true" in desk.post(f"/messages/{id}/again", 409).text


def test_a_message_that_is_no_longer_true_is_not_sent_again(desk: Desk) -> None:
    id = a_message(desk, state=MessageState.FAILED)
    with desk.run.db.transaction() as session:
        session.execute(update(Visit).values(sequence=1))
    assert "Ana Example" not in desk.get("/messages")
    desk.post(f"/messages/{id}/again", 409)


def test_a_visits_messages_are_on_its_page_for_those_who_may_see_them(desk: Desk) -> None:
    a_message(desk, state=MessageState.BOUNCED)
    with desk.run.db.transaction() as session:
        visit = session.scalars(select(Visit.id)).one()
    assert "Confirmation email Patient came back" in plain(desk.get(f"/visits/{visit}"))
    other = Desk(desk.run, frozenset({Scope.VISITS}), "kim")
    assert "Confirmation" not in other.get(f"/visits/{visit}")
