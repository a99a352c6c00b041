"""Visits: booking them, and seeing one's own."""

from uuid import UUID

from apiflask import APIBlueprint
from flask import Response, url_for

from scheduler.api.callers import booker, caller
from scheduler.api.clients import client
from scheduler.api.languages import default_language
from scheduler.api.limits import count_contacts
from scheduler.api.repeats import repeatable, replayed
from scheduler.api.runtime import runtime
from scheduler.api.schemas.repeats import RepeatHeaders
from scheduler.api.schemas.slots import OwnSlotsQuery, SlotsOut
from scheduler.api.schemas.staff_visits import AnyVisitOut
from scheduler.api.schemas.visits import BookedOut, VisitIn
from scheduler.api.slots import slots_answer
from scheduler.api.staff_visit_json import staff_visit_answer
from scheduler.api.visit_json import visit_answer, visit_fields
from scheduler.domain.errors import Forbidden
from scheduler.services.accounts.access import may_act_on
from scheduler.services.booking.making import book
from scheduler.services.booking.triage import opened
from scheduler.services.changes.times import find_slots_to_move
from scheduler.services.visits.finding import read_visit
from scheduler.services.visits.reading import view

blueprint = APIBlueprint("visits", __name__, url_prefix="/v1", tag="Booking")


@blueprint.post("/visits")
@blueprint.input(VisitIn)
@blueprint.input(RepeatHeaders, location="headers")
@blueprint.output(BookedOut, 201)
@blueprint.doc(responses=[401, 403, 409])
def book_visit(json_data: VisitIn, headers_data: RepeatHeaders) -> Response:
    """Book a visit

    Answers 201 with the visit, its links and the token that opens it. A time that is no longer free answers
    409 with the next free ones. With a `hold` the time is the one that was held, and the other fields repeat
    it; a hold that has ended counts as none. Staff get no token, may set rules aside, and approve by booking.
    """
    run, actor = runtime(), booker()
    if json_data.override and not actor.is_staff:
        raise Forbidden
    asked = json_data.request(
        default_language(), actor, client(), opened(run.desk.secrets.vault, json_data.triage)
    )
    count_contacts(asked)
    booked = book(run.desk, asked, repeatable(actor, "POST /v1/visits", headers_data.idempotency_key))
    run.doorbell.ring(booked.due)
    visit = booked.visit
    token = None if actor.is_staff else visit.manage_token
    answer = visit_answer(visit, actor, 201, BookedOut(**visit_fields(visit, actor), token=token))
    answer.headers["Location"] = url_for("visits.show_visit", id=visit.id)
    return replayed(answer) if booked.replayed else answer


@blueprint.get("/visits/<uuid:id>")
@blueprint.output(AnyVisitOut)
@blueprint.doc(security="bearer", responses=[401, 403, 404])
def show_visit(id: UUID) -> Response:
    """See a visit

    For whoever holds its manage token; others' visits do not exist. Staff see whom it is for, and no links.
    """
    run = runtime()
    who = caller()
    actor = may_act_on(who, id)
    with run.db.transaction() as session:
        if actor.is_staff:
            return staff_visit_answer(read_visit(session, run.desk, id, actor, run.db.now(session)))
        return visit_answer(view(session, run.desk, id, who.recipient), actor)


@blueprint.get("/visits/<uuid:id>/slots")
@blueprint.input(OwnSlotsQuery, location="query")
@blueprint.output(SlotsOut)
@blueprint.doc(security="bearer", responses=[401, 403, 404])
def list_slots_for_visit(id: UUID, query_data: OwnSlotsQuery) -> Response:
    """Free times for moving a visit

    Its own time counts as free.
    """
    may_act_on(caller(), id)
    asked = query_data
    found = find_slots_to_move(runtime().desk, id, asked.destination(), asked.from_, asked.to)
    return slots_answer(found, asked.limit)
