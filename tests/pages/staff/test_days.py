"""The day as a plan and as a list, the week, and what is done from there."""

import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scheduler.bootstrap import Runtime
from scheduler.domain.actors import SYSTEM
from scheduler.services.booking.making import book
from scheduler.services.hours.time_off import take_off
from scheduler.services.staff.day_plan import Column, DayPlan, plan_day
from scheduler.services.visits.reading import VisitView
from scheduler.web import assets
from scheduler.web.staff.grid import MOST_ROWS, Grid, Span, lay_out
from tests.cast import CENTRAL, at
from tests.pages.staff.desk import Desk, leads_to, plain
from tests.services.asking import in_person, request

DAY: dict[str, Any] = {"date": "2026-12-08"}
THE_8TH = date(2026, 12, 8)


@pytest.fixture
def visit(run: Runtime) -> VisitView:
    """At ten on Tuesday in a week, by video."""
    return book(run.desk, request(at(8, 10), practitioner="one", name="Ana Example")).visit


def grid(run: Runtime, day: date = THE_8TH, now: datetime | None = None, **narrowed: Any) -> Grid:
    with run.db.transaction() as session:
        plan = plan_day(
            session, run.desk, day, narrowed.get("practitioner"), narrowed.get("location"), SYSTEM
        )
    return lay_out(DayPlan(now or plan.now, plan.day, plan.zone, plan.columns, plan.visits, plan.is_cut))


def test_a_visit_lies_where_its_time_is(run: Runtime, visit: VisitView) -> None:
    found = grid(run)
    assert (found.begins, found.rows) == (at(8, 9), 8 * 12)
    (block,) = found.columns[0].blocks
    assert (block.visit.id, block.at) == (visit.id, Span(13, 6))
    assert found.columns[0].open == [Span(1, 96)]
    assert [row for row, _ in found.hours] == [1 + 12 * hour for hour in range(8)]


def test_now_is_a_line_on_the_day_itself_and_on_no_other(run: Runtime) -> None:
    assert grid(run, now=at(8, 10, 37)).now == 20
    assert grid(run, now=at(8, 8)).now is None
    assert grid(run, now=at(9, 10)).now is None


def test_time_off_lies_over_what_is_booked_and_is_cut_at_the_end_of_the_day(
    run: Runtime, visit: VisitView
) -> None:
    take_off(run.desk, "one", at(8, 15), at(10, 9), SYSTEM)
    assert grid(run).columns[0].away == [Span(73, 24)]


def test_a_cancelled_visit_is_in_the_list_and_not_in_the_plan(desk: Desk, visit: VisitView) -> None:
    desk.act(visit.id, "cancel", reason="patient")
    assert "Ana Example" not in desk.get("/day", **DAY)
    assert "Ana Example" in desk.get("/day", **DAY, view="list")


def test_every_row_of_the_longest_day_has_its_place_in_the_stylesheet() -> None:
    css = Path(assets.FOLDER / "grid.css").read_text(encoding="utf-8")
    rows = [f".at-{n}{{grid-row-start:{n}}}" for n in range(1, MOST_ROWS + 1)]
    spans = [f".for-{n}{{grid-row-end:span {n}}}" for n in range(1, MOST_ROWS + 1)]
    assert css.splitlines()[2:] == rows + spans


def test_the_hour_that_comes_twice_has_rows_of_its_own(run: Runtime) -> None:
    """On November 1 clocks go back: with somebody there all day, it has 25 hours."""
    zone = ZoneInfo("America/Chicago")
    day = date(2026, 11, 1)
    begins, ends = datetime(2026, 11, 1, tzinfo=zone), datetime(2026, 11, 2, tzinfo=zone)
    with run.db.transaction() as session:
        who = run.desk.clinics.moment(session).clinic.practitioners[0]
    column = Column(who, [(begins.astimezone(UTC), ends.astimezone(UTC))], [], [])
    found = lay_out(DayPlan(begins, day, zone, [column], [], False))
    assert (found.rows, found.columns[0].open) == (MOST_ROWS, [Span(1, MOST_ROWS)])


def test_the_plan_and_the_list_say_the_same(desk: Desk, visit: VisitView) -> None:
    book(desk.run.desk, in_person(at(8, 14), 1, practitioner="three", name="Bo Example"))
    plan, list_ = (plain(desk.get("/day", **DAY, view=view)) for view in ("plan", "list"))
    for words in ("10:00 AM", "Ana Example", "2:00 PM", "Bo Example", "North Office", "Dr. Example Three"):
        assert words in plan and words in list_
    assert "Times are in Central time." in plan


def test_state_and_mode_are_told_in_words_too(desk: Desk, visit: VisitView) -> None:
    (link,) = re.findall(rf'<a href="/staff/visits/{visit.id}".*?</a>', desk.get("/day", **DAY), re.S)
    assert plain(link) == "Booked 10:00 AM Ana Example By video Follow-up"


def test_a_day_is_narrowed_by_practitioner_and_location(desk: Desk, visit: VisitView) -> None:
    book(desk.run.desk, in_person(at(8, 14), 1, practitioner="three", name="Bo Example"))
    only = desk.get("/day", **DAY, practitioner="three")
    assert "Bo Example" in only and "Ana Example" not in only
    north = desk.get("/day", **DAY, location="north")
    assert "Bo Example" in north and "Dr. Example One</h2>" not in north


@pytest.mark.parametrize(
    "query",
    [
        {"date": "nonsense"},
        {"date": "0001-01-01"},
        {"date": "9999-12-31"},
        {"practitioner": "nobody", "location": "nowhere", "view": "upside-down"},
    ],
)
def test_what_the_clinic_does_not_have_is_left_out(desk: Desk, query: dict[str, Any]) -> None:
    assert "Tuesday, December 1, 2026" in desk.get("/day", **query)
    assert desk.get("/week", **query)


def test_a_tap_on_the_day_comes_back_to_the_day_and_says_what_was_done(desk: Desk, visit: VisitView) -> None:
    answer = desk.act(visit.id, "arrive", back="2026-12-08", view="list", practitioner="one")
    path, query = leads_to(answer)
    assert path == "/staff/day"
    page = desk.get("/day", **query)
    assert "Ana Example: Marked as arrived." in plain(page)
    assert 'value="2026-12-08"' in page and "/undo" in page
    assert "Marked as arrived" not in desk.get("/day", **DAY, done="arrive")


def test_a_day_on_which_nobody_works_says_so(desk: Desk) -> None:
    assert "Nobody works on this day." in desk.get("/day", date="2026-12-12")


def test_a_week_shows_its_days(desk: Desk, visit: VisitView) -> None:
    book(desk.run.desk, request(at(11, 9), 1, practitioner="two", name="Bo Example"))
    said = plain(desk.get("/week", **DAY))
    assert said.index("Tue, Dec 8") < said.index("Ana Example") < said.index("Fri, Dec 11")
    assert said.index("Fri, Dec 11") < said.index("Bo Example")
    assert "Bo Example" not in desk.get("/week", **DAY, practitioner="one")


def test_every_look_at_a_day_is_audited(desk: Desk, visit: VisitView) -> None:
    desk.get("/day", **DAY)
    desk.get("/week", **DAY)
    assert desk.audited() == ["list", "list"]


def test_times_are_told_in_the_zone_of_the_location(run: Runtime) -> None:
    assert grid(run, location="main").begins == datetime(2026, 12, 8, 9, tzinfo=CENTRAL)
