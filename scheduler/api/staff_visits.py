"""Visits for staff: who comes, whose visit is spoken of, what was done to it."""

from dataclasses import asdict
from uuid import UUID

from apiflask import APIBlueprint
from flask import Response

from scheduler.api.callers import caller, staff
from scheduler.api.runtime import runtime
from scheduler.api.schemas.intake import AnswersOut, IntakeOut, PlaceOut, WordOut
from scheduler.api.schemas.staff_visits import (
    EventOut,
    HistoryOut,
    StaffVisitsOut,
    VisitsQuery,
    VisitsSearchIn,
)
from scheduler.api.staff_visit_json import filled, private, staff_visits_answer
from scheduler.domain.errors import Forbidden
from scheduler.domain.scopes import Scope
from scheduler.services.accounts.access import may_act_on, require
from scheduler.services.staff.intake import read_intake
from scheduler.services.visits.finding import list_visits, read_history, search_visits

blueprint = APIBlueprint("staff_visits", __name__, url_prefix="/v1/visits", tag="Staff")

REFUSALS = [401, 403]


@blueprint.get("")
@blueprint.input(VisitsQuery, location="query")
@blueprint.output(StaffVisitsOut)
@blueprint.doc(security="bearer", responses=REFUSALS)
def list_days(query_data: VisitsQuery) -> Response:
    """Visits of some days

    Local dates where the visits take place, both included; the earliest first.
    """
    actor, run, asked = staff(Scope.VISITS), runtime(), query_data
    with run.db.transaction() as session:
        now = run.db.now(session)
        page = list_visits(session, run.desk, asked.days(), asked.cursor, asked.limit, actor, now)
    return staff_visits_answer(page)


@blueprint.post("/search")
@blueprint.input(VisitsSearchIn)
@blueprint.output(StaffVisitsOut)
@blueprint.doc(security="bearer", responses=REFUSALS)
def search(json_data: VisitsSearchIn) -> Response:
    """Find visits by what a caller says

    All that is said must fit; the latest first. A body, so that nothing of it lands in a log.
    """
    actor, run, asked = staff(Scope.VISITS), runtime(), json_data
    with run.db.transaction() as session:
        now = run.db.now(session)
        page = search_visits(session, run.desk, asked.sought(), asked.cursor, asked.limit, actor, now)
    return staff_visits_answer(page)


@blueprint.get("/<uuid:id>/history")
@blueprint.output(HistoryOut)
@blueprint.doc(security="bearer", responses=[*REFUSALS, 404])
def show_history(id: UUID) -> Response:
    """What was done to a visit"""
    run, who = runtime(), caller()
    may_act_on(who, id)  # first: to the holder of another visit's link this one does not exist
    actor = require(who, Scope.VISITS)
    with run.db.transaction() as session:
        events = read_history(session, id, actor, run.db.now(session))
    return private(HistoryOut(items=[filled(EventOut, event) for event in events]))


@blueprint.get("/<uuid:id>/intake")
@blueprint.output(IntakeOut)
@blueprint.doc(security="bearer", responses=[*REFUSALS, 404])
def show_intake(id: UUID) -> Response:
    """What a patient answered before a visit

    Needs, the safety questions by rule ids, every place that was said, every consent.
    """
    run, actor = runtime(), may_act_on(caller(), id, Scope.INTAKE)
    if not actor.is_staff:
        raise Forbidden
    with run.db.transaction() as session:
        found = read_intake(session, run.desk, id, actor, run.db.now(session))
    places = [{**asdict(each), **asdict(each.place)} for each in found.whereabouts]
    return private(
        IntakeOut(
            needs=list(found.needs),
            triage=filled(AnswersOut, found.triage, rules=list(found.triage.rules)) if found.triage else None,
            whereabouts=[PlaceOut(**each) for each in places],
            consents=[filled(WordOut, each) for each in found.consents],
        )
    )
