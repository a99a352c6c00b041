"""The day, as a plan or as a list, and the week."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Response, request

from scheduler.api.runtime import runtime
from scheduler.domain.clinic import Clinic
from scheduler.domain.scopes import Scope
from scheduler.domain.times import DAY, local_date
from scheduler.services.staff.day_plan import MOST, plan_day
from scheduler.services.visits.finding import Days, list_visits
from scheduler.services.visits.for_staff import StaffVisit
from scheduler.web.forms import day_of
from scheduler.web.staff.acting import quick_acts
from scheduler.web.staff.grid import lay_out, week_of
from scheduler.web.staff.members import require, staff_pages
from scheduler.web.staff.showing import show, the_clinic

VIEWS = ("plan", "list")

blueprint = staff_pages("desk_days", __name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for; what the clinic does not have is left out."""

    day: date
    practitioner: str | None
    location: str | None
    view: str

    @property
    def query(self) -> dict[str, str]:
        """The same, for addresses of other days."""
        kept = {"practitioner": self.practitioner, "location": self.location}
        return {name: value for name, value in kept.items() if value} | (
            {"view": self.view} if self.view != VIEWS[0] else {}
        )


def asked_for(clinic: Clinic, today: date) -> Asked:
    practitioner, location = request.args.get("practitioner", ""), request.args.get("location", "")
    view = request.args.get("view", "")
    return Asked(
        day=day_of(request.args.get("date", "")) or today,
        practitioner=practitioner if clinic.practitioner(practitioner) else None,
        location=location if clinic.location(location) else None,
        view=view if view in VIEWS else VIEWS[0],
    )


def today_of(clinic: Clinic) -> date:
    run = runtime()
    with run.db.single() as connection:
        return local_date(run.db.now(connection), clinic.timezone)


@blueprint.get("/day")
def show_day() -> Response:
    actor, run, clinic = require(Scope.VISITS), runtime(), the_clinic()
    today = today_of(clinic)
    asked = asked_for(clinic, today)
    with run.db.transaction() as session:
        plan = plan_day(session, run.desk, asked.day, asked.practitioner, asked.location, actor)
    return show(
        "day.html",
        active="day",
        plan=plan,
        grid=lay_out(plan),
        quick={visit.id: quick_acts(visit) for visit in plan.visits},
        **_around(asked, today, DAY.days),
        **_told(plan.visits),
    )


@blueprint.get("/week")
def show_week() -> Response:
    actor, run, clinic = require(Scope.VISITS), runtime(), the_clinic()
    today = today_of(clinic)
    asked = asked_for(clinic, today)
    dates = week_of(asked.day)
    wanted = Days(dates[0], dates[-1], asked.practitioner, asked.location)
    with run.db.transaction() as session:
        now = run.db.now(session)
        page = list_visits(session, run.desk, wanted, None, MOST, actor, now)
    by_day = {each: [visit for visit in page.items if visit.start.date() == each] for each in dates}
    return show(
        "week.html", active="week", by_day=by_day, is_cut=page.next is not None, **_around(asked, today, 7)
    )


def _around(asked: Asked, today: date, step: int) -> dict[str, Any]:
    """The days before and after, and what was chosen."""
    return {
        "asked": asked,
        "today": today,
        "before": asked.day - step * DAY,
        "after": asked.day + step * DAY,
        "query": asked.query,
    }


def _told(visits: Sequence[StaffVisit]) -> dict[str, Any]:
    """What was just done on this page, and to whom: named from what the page shows anyway."""
    on = request.args.get("on", "")
    about = next((visit for visit in visits if str(visit.id) == on), None)
    return {"done": request.args.get("done", "") if about else "", "about": about}
