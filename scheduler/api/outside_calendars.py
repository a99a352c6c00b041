"""Practitioners' other calendars, whose time cannot be booked here."""

from uuid import UUID

from apiflask import APIBlueprint
from flask import Response, url_for

from scheduler.api.callers import staff
from scheduler.api.runtime import runtime
from scheduler.api.schemas.acts import NothingIn
from scheduler.api.schemas.outside_calendars import (
    OutsideCalendarIn,
    OutsideCalendarOut,
    OutsideCalendarsOut,
    OutsideCalendarsQuery,
)
from scheduler.api.staff_visit_json import filled, private
from scheduler.domain.scopes import Scope
from scheduler.services.outside.keeping import (
    add_calendar,
    fetch_soon,
    list_calendars,
    read_calendar,
    remove_calendar,
)

blueprint = APIBlueprint("outside_calendars", __name__, url_prefix="/v1/outside-calendars", tag="Schedule")

REFUSALS = [401, 403]


@blueprint.get("")
@blueprint.input(OutsideCalendarsQuery, location="query")
@blueprint.output(OutsideCalendarsOut)
@blueprint.doc(security="bearer", responses=REFUSALS)
def list_outside_calendars(query_data: OutsideCalendarsQuery) -> Response:
    """Outside calendars

    All of them, by practitioner. An address is never shown again: whoever has it reads the calendar.
    """
    staff(Scope.SCHEDULE)
    with runtime().db.transaction() as session:
        found = list_calendars(session, query_data.practitioner)
    return private(OutsideCalendarsOut(items=[filled(OutsideCalendarOut, each) for each in found], next=None))


@blueprint.post("")
@blueprint.input(OutsideCalendarIn)
@blueprint.output(OutsideCalendarOut, 201)
@blueprint.doc(security="bearer", responses=REFUSALS)
def enter_outside_calendar(json_data: OutsideCalendarIn) -> Response:
    """Enter an outside calendar

    Fetched within a minute, then every quarter of an hour. Its busy time is not offered any more; visits that
    lie in it stay, and are a task each. The same address once more is the entry that there is.
    """
    actor, asked = staff(Scope.SCHEDULE), json_data
    entry = add_calendar(runtime().desk, asked.practitioner, asked.label, asked.address, actor)
    answer = private(filled(OutsideCalendarOut, entry), 201)
    answer.headers["Location"] = url_for("outside_calendars.show_outside_calendar", id=entry.id)
    return answer


@blueprint.get("/<uuid:id>")
@blueprint.output(OutsideCalendarOut)
@blueprint.doc(security="bearer", responses=[*REFUSALS, 404])
def show_outside_calendar(id: UUID) -> Response:
    """Whether an outside calendar works"""
    staff(Scope.SCHEDULE)
    with runtime().db.transaction() as session:
        return private(filled(OutsideCalendarOut, read_calendar(session, id)))


@blueprint.post("/<uuid:id>/refresh")
@blueprint.input(NothingIn)
@blueprint.output(OutsideCalendarOut, 202)
@blueprint.doc(security="bearer", responses=[*REFUSALS, 404])
def refresh_outside_calendar(id: UUID, json_data: NothingIn) -> Response:
    """Fetch it soon

    Within a minute, instead of when it would be due.
    """
    entry = fetch_soon(runtime().desk, id, staff(Scope.SCHEDULE))
    return private(filled(OutsideCalendarOut, entry), 202)


@blueprint.delete("/<uuid:id>")
@blueprint.output(OutsideCalendarOut)
@blueprint.doc(security="bearer", responses=[*REFUSALS, 404])
def delete_outside_calendar(id: UUID) -> Response:
    """Take an outside calendar away

    Its time can be booked again at once.
    """
    entry = remove_calendar(runtime().desk, id, staff(Scope.SCHEDULE))
    return private(filled(OutsideCalendarOut, entry))
