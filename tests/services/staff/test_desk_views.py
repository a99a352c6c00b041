"""What the front desk looks at: the day, what there is to do, the numbers of a week."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from scheduler.bootstrap import Runtime
from scheduler.db.models import AuditEntry, Message, Visit
from scheduler.domain.actors import Actor, ActorKind
from scheduler.domain.clinic import Mode
from scheduler.domain.messages import MessageState
from scheduler.domain.slots import Opening
from scheduler.domain.visits import VisitStatus
from scheduler.services.booking.making import book
from scheduler.services.hours.extra_hours import open_hours
from scheduler.services.hours.time_off import take_off
from scheduler.services.staff.day_plan import DayPlan, plan_day
from scheduler.services.staff.numbers import LEADS, Numbers, monday_of, numbers_of_week
from scheduler.services.staff.tasks import Wanted
from scheduler.services.staff.worklist import Work, list_work
from tests.cast import at
from tests.services.asking import in_person, request

PAT = Actor(ActorKind.STAFF, "pat")
THE_8TH = date(2026, 12, 8)  # a Tuesday


def planned(run: Runtime, day: date, practitioner: str | None = None, location: str | None = None) -> DayPlan:
    with run.db.transaction() as session:
        return plan_day(session, run.desk, day, practitioner, location, PAT)


def test_a_day_shows_who_is_there_when_and_whom_they_see(run: Runtime) -> None:
    book(run.desk, request(at(8, 10), practitioner="one"))
    book(run.desk, request(at(8, 14), 1, practitioner="two"))
    take_off(run.desk, "two", at(8, 15), at(9, 12), PAT)
    open_hours(run.desk, Opening("one", "main", frozenset({Mode.IN_PERSON}), at(8, 18), at(8, 19)), PAT)
    plan = planned(run, THE_8TH)
    one, two, three = plan.columns
    assert one.hours == [(at(8, 9), at(8, 17)), (at(8, 18), at(8, 19))]
    assert two.away == [(at(8, 15), at(9, 0))]
    assert [visit.start for visit in one.visits] == [at(8, 10)]
    assert ([*three.visits], plan.zone.key, plan.is_cut) == ([], "America/Chicago", False)
    assert len(plan.visits) == 2


def test_a_day_on_which_nobody_works_has_no_columns_but_for_those_who_work_more(run: Runtime) -> None:
    assert planned(run, date(2026, 12, 12)).columns == []
    assert planned(run, date(2026, 12, 25)).columns == []  # a holiday
    open_hours(run.desk, Opening("one", None, frozenset({Mode.TELEMEDICINE}), at(12, 9), at(12, 12)), PAT)
    assert [each.practitioner.code for each in planned(run, date(2026, 12, 12)).columns] == ["one"]


def test_a_day_is_narrowed_to_a_location_or_to_somebody(run: Runtime) -> None:
    book(run.desk, in_person(at(8, 10), practitioner="one", location="main"))
    book(run.desk, in_person(at(8, 10), 1, practitioner="three", location="north"))
    north = planned(run, THE_8TH, location="north")
    assert [each.practitioner.code for each in north.columns] == ["three"]
    assert [visit.location for visit in north.visits] == ["north"]
    only = planned(run, THE_8TH, practitioner="one")
    assert [visit.practitioner for visit in only.visits] == ["one"]


def test_a_look_at_the_day_is_audited(run: Runtime) -> None:
    visit = book(run.desk, request(at(8, 10))).visit.id
    planned(run, THE_8TH)
    with run.db.transaction() as session:
        looked = session.scalars(select(AuditEntry).where(AuditEntry.act == "list")).one()
    assert (looked.actor, looked.detail["ids"]) == ("staff:pat", [str(visit)])


# ---------------------------------------------------------------------------------------------- what to do


def work(run: Runtime, wanted: Wanted | None = None) -> list[Work]:
    with run.db.transaction() as session:
        return list(
            list_work(session, run.desk, wanted or Wanted(), None, 50, PAT, run.db.now(session)).items
        )


def test_what_there_is_to_do_names_whom_it_is_about(run: Runtime) -> None:
    visit = book(run.desk, request(at(8, 10), visit_type="reviewed", name="Ana Example")).visit
    (found,) = work(run)
    assert found.visit is not None
    assert (found.task.kind, found.visit.id, found.visit.name) == ("approve", visit.id, "Ana Example")
    assert work(run, Wanted(kind="not-you")) == []
    with run.db.transaction() as session:
        told = select(AuditEntry.act).where(AuditEntry.actor == "staff:pat").order_by(AuditEntry.id)
        acts = session.scalars(told).all()
    assert acts == ["list"]  # where there was nothing to see nothing is written down


# ---------------------------------------------------------------------------------------------- the numbers


def numbers(run: Runtime, first: date) -> Numbers:
    with run.db.transaction() as session:
        return numbers_of_week(session, first)


def booked_as(run: Runtime, number: int, day: int, status: VisitStatus, ahead: timedelta) -> None:
    visit = book(
        run.desk, request(at(day, 10), number, practitioner=("one", "two", "three")[number % 3])
    ).visit
    with run.db.transaction() as session:
        mine = update(Visit).where(Visit.id == visit.id)
        session.execute(mine.values(status=status, created_at=visit.start - ahead))


def test_the_numbers_of_a_week_count_what_took_place_in_it(run: Runtime) -> None:
    day = timedelta(days=1)
    booked_as(run, 0, 8, VisitStatus.FULFILLED, day / 2)
    booked_as(run, 1, 8, VisitStatus.CHECKED_IN, 2 * day)
    booked_as(run, 2, 8, VisitStatus.NOSHOW, 40 * day)
    booked_as(run, 3, 9, VisitStatus.CANCELLED, 3 * day)
    booked_as(run, 4, 15, VisitStatus.NOSHOW, 9 * day)
    found = numbers(run, date(2026, 12, 7))
    assert found.visits == {
        ("telemedicine", "fulfilled"): 1,
        ("telemedicine", "checked-in"): 1,
        ("telemedicine", "noshow"): 1,
        ("telemedicine", "cancelled"): 1,
    }
    assert (found.no_shows[-1].came, found.no_shows[-1].missed) == (2, 1)
    assert found.no_shows[-1].rate == pytest.approx(1 / 3)
    assert (found.no_shows[0].week, found.no_shows[0].rate) == (date(2026, 10, 19), None)
    assert found.lead == [1, 1, 0, 0, 0, 1] and len(LEADS) == 5
    assert found.median_lead == 2 * day
    after = numbers(run, date(2026, 12, 14))
    assert [each.missed for each in after.no_shows[-2:]] == [1, 1]


def test_the_messages_of_a_week_are_those_about_its_visits(run: Runtime) -> None:
    book(run.desk, request(at(8, 10)))
    book(run.desk, request(at(15, 10), 1))
    with run.db.transaction() as session:
        session.execute(update(Message).where(Message.kind == "confirmed").values(state=MessageState.SENT))
    assert numbers(run, date(2026, 12, 7)).messages == {("email", "sent"): 1, ("email", "pending"): 3}


def test_a_week_without_visits_has_numbers_too(run: Runtime) -> None:
    found = numbers(run, date(2027, 3, 1))
    assert (found.visits, found.messages, found.lead, found.median_lead) == ({}, {}, [0] * 6, None)


def test_a_week_begins_on_monday() -> None:
    assert [monday_of(date(2026, 12, day)) for day in (7, 10, 13)] == [date(2026, 12, 7)] * 3
