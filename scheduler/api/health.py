"""Whether the service lives, and whether it does its work."""

from dataclasses import replace
from typing import Any

from apiflask import APIBlueprint
from pydantic import BaseModel

from scheduler.api.clients import forwarded_lately
from scheduler.api.runtime import runtime
from scheduler.api.schemas.health import LiveOut, ReadyOut
from scheduler.services.operations.health import check

blueprint = APIBlueprint("health", __name__, url_prefix="/health", tag="Operations")

Answer = tuple[BaseModel, int, dict[str, str]]
NOW = {"Cache-Control": "no-store"}
"""True at this moment, and never from a cache."""
UNTRUSTED = "requests are forwarded, but VISITS_TRUSTED_PROXIES is 0: all callers look like one"
CANNOT_BOOK: dict[int | str, dict[str, str | dict[str, dict[str, Any]]]] = {
    503: {
        "description": "It cannot book",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ReadyOut"}}},
    }
}


@blueprint.get("/live")
@blueprint.output(LiveOut)
def live() -> Answer:
    """Is the process alive?"""
    return LiveOut(status="live"), 200, NOW


@blueprint.get("/ready")
@blueprint.output(ReadyOut)
@blueprint.doc(responses=CANNOT_BOOK)
def ready() -> Answer:
    """Can it book?

    `degraded` answers 200: bookings are taken, but something needs an operator; `checks` says what.
    """
    run = runtime()
    state = check(run.desk, run.settings.redis_url)
    if forwarded_lately():
        state = replace(state, checks={**state.checks, "proxies": UNTRUSTED})
    body = ReadyOut(status=state.status, checks=dict(state.checks))
    return body, 200 if state.can_book else 503, NOW
