"""Day-to-day changes of who works when: in force at once."""

from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import UUID

from apiflask import APIBlueprint
from flask import Response, url_for
from pydantic import BaseModel

from scheduler.api.callers import staff
from scheduler.api.repeats import repeatable, replayed
from scheduler.api.runtime import runtime
from scheduler.api.schemas.lists import next_cursor
from scheduler.api.schemas.repeats import RepeatHeaders
from scheduler.api.schemas.schedule import (
    CalleeOut,
    ExtraHoursGoneOut,
    ExtraHoursIn,
    ExtraHoursListOut,
    ExtraHoursOut,
    HitOut,
    LastMessageOut,
    ScheduleQuery,
    TimeOffIn,
    TimeOffMadeOut,
    TimeOffOut,
    TimeOffsOut,
)
from scheduler.api.staff_visit_json import filled, private
from scheduler.db.models import ExtraHours, TimeOff
from scheduler.domain.scopes import Scope
from scheduler.services.hours.extra_hours import open_hours, take_back
from scheduler.services.hours.hit import Hit
from scheduler.services.hours.time_off import Away, Entry, end_time_off, read_time_off, take_off, upcoming

blueprint = APIBlueprint("schedule", __name__, url_prefix="/v1", tag="Schedule")

REFUSALS = [401, 403]
M = TypeVar("M", bound=BaseModel)


@blueprint.get("/time-off")
@blueprint.input(ScheduleQuery, location="query")
@blueprint.output(TimeOffsOut)
@blueprint.doc(security="bearer", responses=REFUSALS)
def list_time_off(query_data: ScheduleQuery) -> Response:
    """Time off"""
    items, after = _coming(TimeOff, TimeOffOut, query_data)
    return private(TimeOffsOut(items=items, next=after))


@blueprint.post("/time-off")
@blueprint.input(TimeOffIn)
@blueprint.input(RepeatHeaders, location="headers")
@blueprint.output(TimeOffMadeOut, 201)
@blueprint.doc(security="bearer", responses=[*REFUSALS, 404])
def enter_time_off(json_data: TimeOffIn, headers_data: RepeatHeaders) -> Response:
    """Enter time off

    In force at once. Answers the visits that it hits, by start: the list of those whom somebody has to call.
    """
    actor, asked = staff(Scope.SCHEDULE), json_data
    repeat = repeatable(actor, "POST /v1/time-off", headers_data.idempotency_key)
    away = take_off(runtime().desk, asked.practitioner, asked.start, asked.end, actor, repeat)
    answer = _away(away, 201)
    return replayed(answer) if away.replayed else answer


@blueprint.get("/time-off/<uuid:id>")
@blueprint.output(TimeOffMadeOut)
@blueprint.doc(security="bearer", responses=[*REFUSALS, 404])
def show_time_off(id: UUID) -> Response:
    """Whom time off hits by now"""
    actor, run = staff(Scope.SCHEDULE), runtime()
    with run.db.transaction() as session:
        away = read_time_off(session, run.desk, id, actor, run.db.now(session))
    return _away(away)


@blueprint.delete("/time-off/<uuid:id>")
@blueprint.output(TimeOffOut)
@blueprint.doc(security="bearer", responses=[*REFUSALS, 404])
def delete_time_off(id: UUID) -> Response:
    """Take time off back"""
    entry = end_time_off(runtime().desk, id, staff(Scope.SCHEDULE))
    return private(filled(TimeOffOut, entry, **_span(entry)))


@blueprint.get("/extra-hours")
@blueprint.input(ScheduleQuery, location="query")
@blueprint.output(ExtraHoursListOut)
@blueprint.doc(security="bearer", responses=REFUSALS)
def list_extra_hours(query_data: ScheduleQuery) -> Response:
    """Extra hours"""
    items, after = _coming(ExtraHours, ExtraHoursOut, query_data)
    return private(ExtraHoursListOut(items=items, next=after))


@blueprint.post("/extra-hours")
@blueprint.input(ExtraHoursIn)
@blueprint.input(RepeatHeaders, location="headers")
@blueprint.output(ExtraHoursOut, 201)
@blueprint.doc(security="bearer", responses=[*REFUSALS, 404])
def enter_extra_hours(json_data: ExtraHoursIn, headers_data: RepeatHeaders) -> Response:
    """Enter extra hours

    Up to a day, on the grid of five minutes, where the practitioner has weekly hours of that mode.
    """
    actor = staff(Scope.SCHEDULE)
    repeat = repeatable(actor, "POST /v1/extra-hours", headers_data.idempotency_key)
    opened = open_hours(runtime().desk, json_data.opening(), actor, repeat)
    answer = private(filled(ExtraHoursOut, opened.entry, **_span(opened.entry)), 201)
    return replayed(answer) if opened.replayed else answer


@blueprint.delete("/extra-hours/<uuid:id>")
@blueprint.output(ExtraHoursGoneOut)
@blueprint.doc(security="bearer", responses=[*REFUSALS, 404])
def delete_extra_hours(id: UUID) -> Response:
    """Take extra hours back

    Answers the visits that were booked there; they stay.
    """
    gone = take_back(runtime().desk, id, staff(Scope.SCHEDULE))
    return private(filled(ExtraHoursGoneOut, gone.entry, **_span(gone.entry), visits=_call_list(gone.visits)))


def _coming(table: type[Entry], model: type[M], asked: ScheduleQuery) -> tuple[list[M], str | None]:
    """A page of what has not ended, and the cursor of the next."""
    staff(Scope.SCHEDULE)
    run = runtime()
    with run.db.transaction() as session:
        since = asked.since or run.db.now(session)
        page = upcoming(session, table, asked.practitioner, since, asked.cursor, asked.limit)
    return [filled(model, entry, **_span(entry)) for entry in page.items], next_cursor(page.next)


def _span(entry: TimeOff | ExtraHours) -> dict[str, Any]:
    return {"start": entry.during.lower, "end": entry.during.upper}


def _away(away: Away, status: int = 200) -> Response:
    body = filled(TimeOffMadeOut, away.entry, **_span(away.entry), visits=_call_list(away.visits))
    answer = private(body, status)
    if status == 201:
        answer.headers["Location"] = url_for("schedule.show_time_off", id=away.entry.id)
    return answer


def _call_list(visits: Sequence[Hit]) -> list[HitOut]:
    return [
        filled(
            HitOut,
            hit.visit,
            patient=hit.visit.name,
            call=filled(CalleeOut, hit.visit.to_call),
            last_message=hit.last_message and filled(LastMessageOut, hit.last_message),
            arrived=hit.arrived,
        )
        for hit in visits
    ]
