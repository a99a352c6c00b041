"""Free times."""

from itertools import chain, islice

import orjson
from apiflask import APIBlueprint
from flask import Response

from scheduler.api.runtime import runtime
from scheduler.api.schemas.slots import SlotsOut, SlotsQuery
from scheduler.api.slot_json import day_json, instant_text
from scheduler.services.slots.free import Found, find_slots

blueprint = APIBlueprint("slots", __name__, url_prefix="/v1", tag="Booking")


@blueprint.get("/slots")
@blueprint.input(SlotsQuery, location="query")
@blueprint.output(SlotsOut)
def list_slots(query_data: SlotsQuery) -> Response:
    """Free times

    Local dates, both included. `next_available` is the first free start from the first date to the horizon.
    """
    asked = query_data
    found = find_slots(runtime().desk, asked.wish(), asked.from_, asked.to)
    return slots_answer(found, asked.limit)


def slots_answer(found: Found, limit: int) -> Response:
    zone = found.zone
    slots = chain.from_iterable(day_json(day, found.minutes, zone) for day in found.free.days())
    body: dict[str, object] = {
        "timezone": zone.key,
        "slots": list(islice(slots, limit)),
        "next_available": instant_text(found.next_available, zone) if found.next_available else None,
    }
    if found.reason:
        other = found.next_in_person
        body |= {"reason": found.reason, "next_in_person": instant_text(other, zone) if other else None}
    return Response(orjson.dumps(body), content_type="application/json")
