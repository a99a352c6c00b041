"""Calendars that others subscribe to: made and revoked by staff, read by whoever has the address."""

from uuid import UUID

from apiflask import APIBlueprint
from flask import Response, request, url_for

from scheduler.api.calendars import ANSWERS, CALENDAR, Answers
from scheduler.api.callers import staff
from scheduler.api.repeats import repeatable, replayed
from scheduler.api.runtime import runtime
from scheduler.api.schemas.feeds import FeedIn, FeedOut, FeedsOut, FeedWithAddressOut
from scheduler.api.schemas.repeats import RepeatHeaders
from scheduler.api.staff_visit_json import filled, private
from scheduler.domain.scopes import Scope
from scheduler.services.feeds.keeping import create_feed_once, list_feeds, read_feed, revoke_feed
from scheduler.services.feeds.showing import content_of, open_feed, tag_of

blueprint = APIBlueprint("feeds", __name__, tag="Calendars")

REFUSALS = [401, 403]
FEED_ANSWERS: Answers = {200: ANSWERS[200], 304: {"description": "Not Modified"}, 404: ANSWERS[404]}


@blueprint.get("/calendars/<token>.ics")
@blueprint.doc(responses=FEED_ANSWERS)
def show_feed(token: str) -> Response:
    """A calendar to subscribe to

    Times from 30 days ago on; never whose visits they are. Whoever asks again with the `ETag` of an earlier
    answer is sent it only where it has changed.
    """
    run = runtime()
    with run.db.transaction() as session:
        entry = open_feed(session, token)
        moment = run.desk.clinics.moment(session)
        tag = tag_of(session, entry, moment)
        if request.if_none_match.contains_weak(tag):
            answer = Response(status=304)
        else:
            content = content_of(session, run.desk, run.written, entry, moment)
            answer = Response(content, content_type=f"{CALENDAR}; charset=utf-8")
    answer.set_etag(tag)
    answer.headers["Cache-Control"] = "private, no-cache"  # kept, and asked for each time: it may be revoked
    return answer


@blueprint.get("/v1/feeds")
@blueprint.output(FeedsOut)
@blueprint.doc(security="bearer", responses=REFUSALS)
def list_calendar_feeds() -> Response:
    """Calendars to subscribe to

    Revoked ones too. An address is never shown again.
    """
    staff(Scope.SCHEDULE)
    with runtime().db.transaction() as session:
        return private(FeedsOut(items=[filled(FeedOut, each) for each in list_feeds(session)], next=None))


@blueprint.post("/v1/feeds")
@blueprint.input(FeedIn)
@blueprint.input(RepeatHeaders, location="headers")
@blueprint.output(FeedWithAddressOut, 201)
@blueprint.doc(security="bearer", responses=REFUSALS)
def create_calendar_feed(json_data: FeedIn, headers_data: RepeatHeaders) -> Response:
    """Make a calendar to subscribe to

    Of a practitioner, a location, or the whole clinic. Make one for each who subscribes: each is revoked by
    itself.
    """
    actor = staff(Scope.SCHEDULE)
    repeat = repeatable(actor, "POST /v1/feeds", headers_data.idempotency_key)
    made = create_feed_once(runtime().desk, json_data.wish(), actor, repeat)
    answer = private(filled(FeedWithAddressOut, made.entry, address=made.address), 201)
    answer.headers["Location"] = url_for("feeds.show_calendar_feed", id=made.entry.id)
    return replayed(answer) if made.replayed else answer


@blueprint.get("/v1/feeds/<uuid:id>")
@blueprint.output(FeedOut)
@blueprint.doc(security="bearer", responses=[*REFUSALS, 404])
def show_calendar_feed(id: UUID) -> Response:
    """What a calendar to subscribe to shows"""
    staff(Scope.SCHEDULE)
    with runtime().db.transaction() as session:
        return private(filled(FeedOut, read_feed(session, id)))


@blueprint.delete("/v1/feeds/<uuid:id>")
@blueprint.output(FeedOut)
@blueprint.doc(security="bearer", responses=[*REFUSALS, 404])
def revoke_calendar_feed(id: UUID) -> Response:
    """Revoke a calendar

    Its address leads to nothing from now on. What calendars have of it they keep until they next look.
    """
    return private(filled(FeedOut, revoke_feed(runtime().desk, id, staff(Scope.SCHEDULE))))
