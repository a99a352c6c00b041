"""Requests that may be repeated: their Idempotency-Key, bound to who sent it, where to, and what."""

import orjson
from flask import Response, request

from scheduler.api.runtime import runtime
from scheduler.domain.actors import Actor
from scheduler.services.ground.idempotency import Repeatable


def repeatable(actor: Actor, route: str, key: str | None) -> Repeatable | None:
    """`route` is method and path; None where no key was sent."""
    if key is None:
        return None
    canonical = orjson.dumps(request.get_json(), option=orjson.OPT_SORT_KEYS).decode()
    body_hash = runtime().desk.secrets.lookup.hash("idempotency", canonical)
    return Repeatable(str(actor), route, key, body_hash)


def replayed(answer: Response) -> Response:
    """The answer, marked as that of an earlier request."""
    answer.headers["Idempotency-Replayed"] = "true"
    return answer
