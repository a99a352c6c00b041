"""Who was told what, and telling it again."""

from uuid import UUID

from apiflask import APIBlueprint
from flask import Response

from scheduler.api.callers import caller, staff
from scheduler.api.runtime import runtime
from scheduler.api.schemas.acts import NothingIn
from scheduler.api.schemas.lists import next_cursor
from scheduler.api.schemas.messages import MessageOut, MessagesOut, MessagesQuery, TryOut
from scheduler.api.staff_visit_json import filled, private
from scheduler.domain.scopes import Scope
from scheduler.services.accounts.access import may_act_on, require
from scheduler.services.staff.evidence import (
    UNHEARD,
    Told,
    list_messages,
    read_message,
    read_messages,
    send_again,
)

blueprint = APIBlueprint("messages", __name__, url_prefix="/v1", tag="Staff")

REFUSALS = [401, 403]


@blueprint.get("/messages")
@blueprint.input(MessagesQuery, location="query")
@blueprint.output(MessagesOut)
@blueprint.doc(security="bearer", responses=REFUSALS)
def list_all_messages(query_data: MessagesQuery) -> Response:
    """What became of messages

    To patients and to people of the clinic, the newest first; those that ended badly where no `status` is
    named. What goes to programs is at `/v1/webhooks/deliveries`.
    """
    staff(Scope.MESSAGES)
    asked = query_data
    states = [asked.status] if asked.status else UNHEARD
    with runtime().db.transaction() as session:
        page = list_messages(session, states, asked.cursor, asked.limit)
    return private(MessagesOut(items=[_message(each) for each in page.items], next=next_cursor(page.next)))


@blueprint.post("/messages/<int:id>/resend")
@blueprint.input(NothingIn)
@blueprint.output(MessageOut, 202)
@blueprint.doc(security="bearer", responses=[*REFUSALS, 404, 409])
def resend_message(id: int, json_data: NothingIn) -> Response:
    """Send a message again

    One that ended badly, while it is still true of a visit that is still to be: the same message, so that a
    calendar takes it for the same. Anything else is 409.
    """
    actor, run = staff(Scope.MESSAGES), runtime()
    run.doorbell.ring([send_again(run.desk, id, actor)])
    with run.db.transaction() as session:
        return private(_message(read_message(session, id)), 202)


@blueprint.get("/visits/<uuid:id>/messages")
@blueprint.output(MessagesOut)
@blueprint.doc(security="bearer", responses=[*REFUSALS, 404])
def show_messages(id: UUID) -> Response:
    """Who was told what of a visit

    Also what is still to be told; the first one first.
    """
    run, who = runtime(), caller()
    may_act_on(who, id, Scope.MESSAGES)  # first: to the holder of another visit's link it does not exist
    actor = require(who, Scope.MESSAGES)
    with run.db.transaction() as session:
        told = read_messages(session, id, actor, run.db.now(session))
    return private(MessagesOut(items=[_message(each) for each in told], next=None))


def _message(told: Told) -> MessageOut:
    attempts = [filled(TryOut, each) for each in told.attempts]
    more = {"id": str(told.id), "status": told.state, "recipient": told.role, "finished_at": told.finished}
    return filled(MessageOut, told, **more, attempts=attempts)
