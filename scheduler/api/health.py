"""Whether the service lives, and whether it does its work."""

from apiflask import APIBlueprint
from flask import Response, jsonify

from scheduler.api.runtime import runtime
from scheduler.services.health import check

blueprint = APIBlueprint("health", __name__, url_prefix="/health", tag="Operations")


@blueprint.get("/live")
@blueprint.doc(responses=[200])
def live() -> Response:
    """Is the process alive?"""
    return jsonify(status="live")


@blueprint.get("/ready")
@blueprint.doc(responses=[200, 503])
def ready() -> tuple[Response, int]:
    """Can it book?

    `degraded` answers 200: bookings are taken, but something needs an operator; `checks` says what.
    """
    run = runtime()
    state = check(run.desk, run.settings.redis_url)
    return jsonify(status=state.status, checks=state.checks), 200 if state.can_book else 503
