"""Holding a time while somebody fills in the form."""

from dataclasses import asdict
from uuid import UUID

from apiflask import APIBlueprint

from scheduler.api.callers import booker
from scheduler.api.clients import client
from scheduler.api.repeats import repeatable
from scheduler.api.runtime import runtime
from scheduler.api.schemas.holds import HoldIn, HoldOut
from scheduler.api.schemas.repeats import RepeatHeaders
from scheduler.domain.holds import Ceilings
from scheduler.services.booking.triage import opened
from scheduler.services.slots.holding import hold, release

blueprint = APIBlueprint("holds", __name__, url_prefix="/v1/holds", tag="Booking")


@blueprint.post("")
@blueprint.input(HoldIn)
@blueprint.input(RepeatHeaders, location="headers")
@blueprint.output(HoldOut, 201)
@blueprint.doc(responses=[401, 403, 409])
def hold_time(json_data: HoldIn, headers_data: RepeatHeaders) -> tuple[HoldOut, int, dict[str, str]]:
    """Hold a time

    For ten minutes, whatever is done with it meanwhile; then it is free for everybody, from that instant on.
    Booking with the `id` takes it over. The public may hold few times at once, and not the most of a day.
    """
    run, actor = runtime(), booker()
    ceilings = Ceilings(run.settings.holds_at_once, run.settings.holds_share)
    repeat = repeatable(actor, "POST /v1/holds", headers_data.idempotency_key)
    held = hold(
        run.desk,
        json_data.request(actor, client(), opened(run.desk.secrets.vault, json_data.triage)),
        ceilings,
        repeat,
    )
    told = {"Cache-Control": "no-store", **({"Idempotency-Replayed": "true"} if held.replayed else {})}
    return HoldOut(**asdict(held.hold)), 201, told


@blueprint.delete("/<uuid:id>")
@blueprint.output({}, 204)
@blueprint.doc(responses=[404])
def release_time(id: UUID) -> str:
    """Give a held time back

    It is free at once. What was used, given back or has ended is not found.
    """
    release(runtime().desk, id)
    return ""
