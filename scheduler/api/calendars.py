"""Visits as calendars read them."""

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import Response

from scheduler.api.callers import caller
from scheduler.api.runtime import runtime
from scheduler.services.accounts.access import may_act_on
from scheduler.services.outbox.invites import invite_file

blueprint = APIBlueprint("calendars", __name__, tag="Calendars")

CALENDAR = "text/calendar"
Answers = dict[int | str, dict[str, str | dict[str, dict[str, Any]]]]
ANSWERS: Answers = {
    200: {"description": "iCalendar", "content": {CALENDAR: {"schema": {"type": "string"}}}},
    401: {"description": "Unauthorized"},
    403: {"description": "Forbidden"},
    404: {"description": "Not Found"},
}


@blueprint.get("/v1/visits/<uuid:id>/invite.ics")
@blueprint.doc(security="bearer", responses=ANSWERS)
def download_invite(id: UUID) -> Response:
    """The calendar entry, as a file

    The same entry as in the mail, for a calendar that does not read mails. Of a visit that does not take
    place it says STATUS:CANCELLED. Staff get the patient's, without the way into the video visit.
    """
    run = runtime()
    who = caller()
    actor = may_act_on(who, id)
    with run.db.transaction() as session:
        content = invite_file(session, run.desk, id, who.recipient, actor, run.desk.clinics.moment(session))
    answer = Response(content, content_type=f"{CALENDAR}; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="invite.ics"'
    answer.headers["Cache-Control"] = "no-store"
    return answer
