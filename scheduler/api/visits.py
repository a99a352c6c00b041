"""Visits: booking them, and seeing one's own."""

from uuid import UUID

import orjson
from apiflask import APIBlueprint
from flask import Response, request, url_for

from scheduler.api.callers import bearer_token
from scheduler.api.runtime import runtime
from scheduler.api.schemas.visits import BookedOut, BookingHeaders, LinksOut, VisitIn, VisitOut
from scheduler.services.booking import book
from scheduler.services.idempotency import Repeatable
from scheduler.services.links import visit_of_token
from scheduler.services.visits import VisitView, view

blueprint = APIBlueprint("visits", __name__, url_prefix="/v1", tag="Booking")

PUBLIC = "public"
"""The caller of everybody without a key: idempotency keys of the public live together."""


@blueprint.post("/visits")
@blueprint.input(VisitIn)
@blueprint.input(BookingHeaders, location="headers")
@blueprint.output(BookedOut, 201)
def book_visit(json_data: VisitIn, headers_data: BookingHeaders) -> Response:
    """Book a visit

    Answers 201 with the visit, its links and the token that opens it. A time that is no longer free answers
    409 with the next free ones.
    """
    run = runtime()
    booked = book(run.desk, json_data.request(_default_language()), _repeatable(headers_data.idempotency_key))
    run.doorbell.ring(booked.due)
    visit = booked.visit
    answer = _answer(BookedOut(**_fields(visit), token=visit.manage_token), visit, 201)
    answer.headers["Location"] = url_for("visits.show_visit", id=visit.id)
    if booked.replayed:
        answer.headers["Idempotency-Replayed"] = "true"
    return answer


@blueprint.get("/visits/<uuid:id>")
@blueprint.output(VisitOut)
@blueprint.doc(security="manageToken")
def show_visit(id: UUID) -> Response:
    """See a visit

    For whoever holds its manage token; others' visits do not exist.
    """
    run = runtime()
    token = bearer_token()
    with run.db.transaction() as session:
        visit = view(session, run.desk, visit_of_token(session, token, id))
    return _answer(VisitOut(**_fields(visit)), visit, 200)


def _answer(body: VisitOut, visit: VisitView, status: int) -> Response:
    answer = Response(orjson.dumps(body.model_dump(mode="json")), status, content_type="application/json")
    answer.headers["ETag"] = f'"{visit.version}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _fields(visit: VisitView) -> dict[str, object]:
    own = {name: getattr(visit, name) for name in VisitOut.model_fields if name != "links"}
    return {**own, "links": LinksOut(manage=visit.manage_link, join=visit.join_link)}


def _default_language() -> str:
    """What the browser asks for, where the clinic writes it; else the clinic's own."""
    last = runtime().desk.clinics.last
    spoken = last.clinic.languages if last else ("en",)
    return request.accept_languages.best_match(spoken) or spoken[0]


def _repeatable(key: str | None) -> Repeatable | None:
    if key is None:
        return None
    canonical = orjson.dumps(request.get_json(), option=orjson.OPT_SORT_KEYS).decode()
    body_hash = runtime().desk.secrets.lookup.hash("idempotency", canonical)
    return Repeatable(PUBLIC, "POST /v1/visits", key, body_hash)
