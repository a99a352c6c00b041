"""A visit as an answer."""

from dataclasses import asdict
from typing import Any

import orjson
from flask import Response

from scheduler.api.schemas.visits import LinksOut, RecipientOut, VisitOut
from scheduler.api.versions import etag
from scheduler.domain.actors import Actor
from scheduler.services.visits.reading import VisitView


def visit_fields(visit: VisitView, actor: Actor) -> dict[str, Any]:
    """What VisitOut holds. Staff get no links: whoever holds one acts as the patient, key or no key."""
    own = {name: getattr(visit, name) for name in VisitOut.model_fields.keys() - {"links", "recipients"}}
    recipients = [RecipientOut(**asdict(each)) for each in visit.recipients]
    links = None if actor.is_staff else LinksOut(manage=visit.manage_link, join=visit.join_link)
    return {**own, "recipients": recipients, "links": links}


def visit_answer(visit: VisitView, actor: Actor, status: int = 200, body: VisitOut | None = None) -> Response:
    """The visit with its version as ETag; never kept by anybody on the way."""
    body = body or VisitOut(**visit_fields(visit, actor))
    answer = Response(orjson.dumps(body.model_dump(mode="json")), status, content_type="application/json")
    answer.headers["ETag"] = etag(visit.version)
    answer.headers["Cache-Control"] = "no-store"
    return answer
