"""Programs elsewhere that hear of what becomes of visits."""

from uuid import UUID

from apiflask import APIBlueprint
from flask import Response, url_for

from scheduler.api.callers import staff
from scheduler.api.repeats import repeatable, replayed
from scheduler.api.runtime import runtime
from scheduler.api.schemas.acts import NothingIn
from scheduler.api.schemas.lists import next_cursor
from scheduler.api.schemas.repeats import RepeatHeaders
from scheduler.api.schemas.webhooks import (
    AttemptOut,
    DeliveriesOut,
    DeliveriesQuery,
    DeliveryOut,
    ReplayedOut,
    ReplayIn,
    WebhookChangeIn,
    WebhookIn,
    WebhookOut,
    WebhooksOut,
    WebhookWithSecretOut,
)
from scheduler.api.staff_visit_json import filled, private
from scheduler.domain.scopes import Scope
from scheduler.services.hooks.deliveries import Delivery, list_deliveries, replay
from scheduler.services.hooks.keeping import (
    add_endpoint,
    change_endpoint,
    list_endpoints,
    read_endpoint,
    remove_endpoint,
    rotate_secret,
)

blueprint = APIBlueprint("webhooks", __name__, url_prefix="/v1/webhooks", tag="Webhooks")

REFUSALS = [401, 403]


@blueprint.get("")
@blueprint.output(WebhooksOut)
@blueprint.doc(security="bearer", responses=REFUSALS)
def list_webhooks() -> Response:
    """Webhooks"""
    staff(Scope.WEBHOOKS)
    run = runtime()
    with run.db.transaction() as session:
        found = list_endpoints(session, run.desk)
    return private(WebhooksOut(items=[filled(WebhookOut, each) for each in found], next=None))


@blueprint.post("")
@blueprint.input(WebhookIn)
@blueprint.input(RepeatHeaders, location="headers")
@blueprint.output(WebhookWithSecretOut, 201)
@blueprint.doc(security="bearer", responses=REFUSALS)
def enter_webhook(json_data: WebhookIn, headers_data: RepeatHeaders) -> Response:
    """Enter a webhook

    It hears of every act on a visit from now on: `{type, timestamp, data: {id, status, sequence}}`, signed as
    Standard Webhooks 1.0 has it, in no order. The secret is shown this once.
    """
    actor, asked = staff(Scope.WEBHOOKS), json_data
    types = sorted(asked.types) if asked.types is not None else None
    repeat = repeatable(actor, "POST /v1/webhooks", headers_data.idempotency_key)
    made = add_endpoint(runtime().desk, asked.label, asked.url, types, actor, repeat)
    answer = private(filled(WebhookWithSecretOut, made), 201)
    answer.headers["Location"] = url_for("webhooks.show_webhook", id=made.id)
    return replayed(answer) if made.replayed else answer


@blueprint.get("/<uuid:id>")
@blueprint.output(WebhookOut)
@blueprint.doc(security="bearer", responses=[*REFUSALS, 404])
def show_webhook(id: UUID) -> Response:
    """A webhook"""
    staff(Scope.WEBHOOKS)
    run = runtime()
    with run.db.transaction() as session:
        return private(filled(WebhookOut, read_endpoint(session, run.desk, id)))


@blueprint.patch("/<uuid:id>")
@blueprint.input(WebhookChangeIn)
@blueprint.output(WebhookOut)
@blueprint.doc(security="bearer", responses=[*REFUSALS, 404])
def change_webhook(id: UUID, json_data: WebhookChangeIn) -> Response:
    """Change a webhook

    Disabled, it hears nothing of what happens meanwhile; one that answered 410 is enabled again here.
    """
    changed = change_endpoint(runtime().desk, id, json_data.wanted(), staff(Scope.WEBHOOKS))
    return private(filled(WebhookOut, changed))


@blueprint.post("/<uuid:id>/rotate")
@blueprint.input(NothingIn)
@blueprint.input(RepeatHeaders, location="headers")
@blueprint.output(WebhookWithSecretOut)
@blueprint.doc(security="bearer", responses=[*REFUSALS, 404])
def rotate_webhook(id: UUID, json_data: NothingIn, headers_data: RepeatHeaders) -> Response:
    """Make a new secret

    For a day both sign, so that the receiver can change over without a gap. Shown this once.
    """
    actor = staff(Scope.WEBHOOKS)
    repeat = repeatable(actor, f"POST /v1/webhooks/{id}/rotate", headers_data.idempotency_key)
    made = rotate_secret(runtime().desk, id, actor, repeat)
    answer = private(filled(WebhookWithSecretOut, made))
    return replayed(answer) if made.replayed else answer


@blueprint.delete("/<uuid:id>")
@blueprint.output(WebhookOut)
@blueprint.doc(security="bearer", responses=[*REFUSALS, 404])
def delete_webhook(id: UUID) -> Response:
    """Take a webhook away"""
    return private(filled(WebhookOut, remove_endpoint(runtime().desk, id, staff(Scope.WEBHOOKS))))


@blueprint.get("/deliveries")
@blueprint.input(DeliveriesQuery, location="query")
@blueprint.output(DeliveriesOut)
@blueprint.doc(security="bearer", responses=REFUSALS)
def list_webhook_deliveries(query_data: DeliveriesQuery) -> Response:
    """What became of deliveries

    The newest first.
    """
    staff(Scope.WEBHOOKS)
    asked = query_data
    with runtime().db.transaction() as session:
        page = list_deliveries(session, asked.wanted(), asked.cursor, asked.limit)
    items = [_delivery(each) for each in page.items]
    return private(DeliveriesOut(items=items, next=next_cursor(page.next)))


@blueprint.post("/replay")
@blueprint.input(ReplayIn)
@blueprint.output(ReplayedOut, 202)
@blueprint.doc(security="bearer", responses=[*REFUSALS, 404])
def replay_webhook(json_data: ReplayIn) -> Response:
    """Send it again

    With the same `webhook-id`: a receiver that has it knows so.
    """
    actor, asked, run = staff(Scope.WEBHOOKS), json_data, runtime()
    delivery = int(asked.delivery) if asked.delivery is not None else None
    due = replay(run.desk, asked.webhook, asked.since, delivery, actor)
    run.doorbell.ring(due)
    return private(ReplayedOut(replayed=len(due)), 202)


def _delivery(found: Delivery) -> DeliveryOut:
    attempts = [filled(AttemptOut, each) for each in found.attempts]
    return filled(DeliveryOut, found, id=str(found.id), status=found.state, attempts=attempts)
