"""What patients and staff do to a visit."""

from collections.abc import Callable
from uuid import UUID

from apiflask import APIBlueprint
from flask import Response

from scheduler.api.callers import caller
from scheduler.api.clients import client
from scheduler.api.runtime import runtime
from scheduler.api.schemas.acts import (
    CancelIn,
    ConsentsIn,
    ConvertIn,
    NothingIn,
    ReasonIn,
    RescheduleIn,
    RoomOut,
    WhereaboutsIn,
)
from scheduler.api.schemas.overrides import OverrideIn
from scheduler.api.schemas.visits import VisitOut
from scheduler.api.staff_visit_json import private
from scheduler.api.versions import expected_version
from scheduler.api.visit_json import visit_answer
from scheduler.domain.errors import Forbidden, NotLicensed
from scheduler.domain.visits import Act
from scheduler.domain.whereabouts import Stage
from scheduler.services.accounts.access import may_act_on
from scheduler.services.booking.triage import opened
from scheduler.services.changes.agreeing import agree
from scheduler.services.changes.moving import Destination, move
from scheduler.services.changes.scene import Order, Scene, carry_out
from scheduler.services.changes.simple import advance, check_in, confirm
from scheduler.services.changes.undoing import undo
from scheduler.services.changes.whereabouts import say_where
from scheduler.services.joining.entering import host

blueprint = APIBlueprint("acts", __name__, url_prefix="/v1/visits/<uuid:id>", tag="Changes")

REFUSALS = [401, 403, 404, 409, 412]


def _act(
    id: UUID, act: Act, perform: Callable[[Scene], None], reason: str | None = None, staff_only: bool = False
) -> Response:
    order = _order(id, act, reason)
    if staff_only and not order.actor.is_staff:
        raise Forbidden
    run = runtime()
    changed = carry_out(run.desk, order, perform)
    run.doorbell.ring(changed.due)
    return visit_answer(changed.visit, order.actor)


def _order(id: UUID, act: Act, reason: str | None = None) -> Order:
    """What the caller orders, if they may. Raises Unauthorized, NotFound, Forbidden."""
    who = caller()
    return Order(id, act, may_act_on(who, id), expected_version(), reason, who.recipient, who.generation)


@blueprint.post("/confirm")
@blueprint.input(NothingIn)
@blueprint.output(VisitOut)
@blueprint.doc(security="bearer", responses=REFUSALS)
def confirm_visit(id: UUID, json_data: NothingIn) -> Response:
    """Say that one comes"""
    return _act(id, Act.CONFIRM, confirm)


@blueprint.post("/reschedule")
@blueprint.input(RescheduleIn)
@blueprint.output(VisitOut)
@blueprint.doc(security="bearer", responses=REFUSALS)
def reschedule_visit(id: UUID, json_data: RescheduleIn) -> Response:
    """Move to another time

    The visit keeps its id and its calendar entry. Without `practitioner` it stays with the same one.
    """
    return _move(id, Act.RESCHEDULE, json_data.destination(), json_data.override)


@blueprint.post("/convert")
@blueprint.input(ConvertIn)
@blueprint.output(VisitOut)
@blueprint.doc(security="bearer", responses=REFUSALS)
def convert_visit(id: UUID, json_data: ConvertIn) -> Response:
    """Change between video and in person

    At the same time, or at another.
    """
    answered = opened(runtime().desk.secrets.vault, json_data.triage)
    return _move(id, Act.CONVERT, json_data.destination(client(), answered), json_data.override)


def _move(id: UUID, act: Act, to: Destination, override: OverrideIn | None) -> Response:
    reason = override.reason if override else None
    return _act(id, act, lambda scene: move(scene, to), reason, staff_only=override is not None)


@blueprint.post("/consents")
@blueprint.input(ConsentsIn)
@blueprint.output(VisitOut)
@blueprint.doc(security="bearer", responses=REFUSALS)
def give_consents(id: UUID, json_data: ConsentsIn) -> Response:
    """Agree to a text, or refuse it

    Texts are those of `GET /v1/clinic`; the last word counts. Staff enter what was spoken.
    """
    said, role, sent_from = json_data.said(), json_data.recipient, client()
    return _act(id, Act.CONSENT, lambda scene: agree(scene, said, sent_from, role))


@blueprint.post("/whereabouts")
@blueprint.input(WhereaboutsIn)
@blueprint.output(VisitOut)
@blueprint.doc(security="bearer", responses=REFUSALS)
def tell_whereabouts(id: UUID, json_data: WhereaboutsIn) -> Response:
    """Say where the patient will be during a visit by video

    Where the practitioner may not see them the answer is 422 `not-licensed`: it is kept all the same, staff
    are told, and the visit stays. Another answer corrects it.
    """
    order = _order(id, Act.WHEREABOUTS)
    heard = say_where(runtime().desk, order, json_data.place(), Stage.BEFORE)
    if not heard.allowed:
        raise NotLicensed
    return visit_answer(heard.changed.visit, order.actor)


@blueprint.post("/join")
@blueprint.input(NothingIn)
@blueprint.output(RoomOut)
@blueprint.doc(security="bearer", responses=REFUSALS)
def join_as_host(id: UUID, json_data: NothingIn) -> Response:
    """Go into the video room as its host

    For staff, from 15 minutes before the visit until 30 minutes after it; patients have their link. The
    address is made for the moment: open it at once, and keep it nowhere.
    """
    run, actor = runtime(), may_act_on(caller(), id)
    if not actor.is_staff:
        raise Forbidden
    admitted = host(run.desk, id, actor)
    run.doorbell.ring(admitted.due)
    return private(RoomOut(url=admitted.url))


@blueprint.post("/cancel")
@blueprint.input(CancelIn)
@blueprint.output(VisitOut)
@blueprint.doc(security="bearer", responses=REFUSALS)
def cancel_visit(id: UUID, json_data: CancelIn) -> Response:
    """Cancel

    Open to the patient until the start; the time is free at once.
    """
    return _act(id, Act.CANCEL, advance, json_data.reason)


CHECKED_IN = """Who and where the patient is was verified

A visit by video is refused with `not-licensed` where its practitioner may not see the patient: by the last
place that was said, on the visit's day. Correct it with `whereabouts`, or move the visit.
"""


def _staff_act(act: Act, summary: str, perform: Callable[[Scene], None] = advance) -> None:
    """A route for an act of staff alone: they differ in nothing but the act."""

    def view(id: UUID, json_data: ReasonIn) -> Response:
        return _act(id, act, perform, json_data.reason, staff_only=True)

    view.__doc__ = summary
    view.__name__ = f"{act.replace('-', '_')}_visit"
    described = blueprint.doc(security="bearer", responses=REFUSALS)(view)
    taking = blueprint.input(ReasonIn)(blueprint.output(VisitOut)(described))
    blueprint.post(f"/{act}")(taking)


_staff_act(Act.APPROVE, "Approve a request")
_staff_act(Act.DECLINE, "Decline a request")
_staff_act(Act.ARRIVE, "The patient is there")
_staff_act(Act.CHECK_IN, CHECKED_IN, check_in)
_staff_act(Act.COMPLETE, "The visit took place")
_staff_act(Act.NO_SHOW, "Nobody came")
_staff_act(Act.UNDO, "Take the last step back", undo)
_staff_act(Act.ENTERED_IN_ERROR, "This visit should never have been entered")
