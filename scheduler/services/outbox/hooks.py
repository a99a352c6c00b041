"""Hooks on their way: whether they still may leave, what they say, and what a receiver's farewell does."""

from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Row, bindparam, select
from sqlalchemy.orm import Session

from scheduler.channels.outcome import Outcome, Verdict
from scheduler.channels.webhook import Call
from scheduler.db.engine import CLOCK
from scheduler.db.models import Message, VisitEvent, WebhookEndpoint
from scheduler.domain.hooks import event_type
from scheduler.domain.messages import MessageState
from scheduler.domain.tasks import TaskKind
from scheduler.domain.visits import VisitStatus
from scheduler.services.ground.desk import Desk
from scheduler.services.hooks.keeping import signing, skip_pending, url_of
from scheduler.services.outbox.claiming import ClaimedHook, Held
from scheduler.services.tasks.opening import open_task

GONE = "gone"
"""Why an endpoint is disabled: it answered that it is there no more."""


_LOCK_ENDPOINT = (
    select(WebhookEndpoint.enabled, CLOCK)
    .where(WebhookEndpoint.id == bindparam("webhook"))
    .with_for_update(read=True)
)


def lock_endpoint(session: Session, held: ClaimedHook) -> Row[Any]:
    """What `unwanted` asks of it, as it is while we hold it."""
    return session.execute(_LOCK_ENDPOINT, {"webhook": held.webhook}).one()


def unwanted(_: Session, held: ClaimedHook, endpoint: Row[Any], now: datetime) -> MessageState | None:
    """What becomes of a hook whose endpoint was disabled; None while it is wanted. Nothing supersedes it."""
    return None if endpoint.enabled else MessageState.SKIPPED


def compose_hook(session: Session, desk: Desk, held: Held) -> Call | None:
    """What a hook says: the same bytes on every attempt; None where its endpoint was removed."""
    assert isinstance(held, ClaimedHook)
    row, event = session.execute(
        select(WebhookEndpoint, VisitEvent)
        .join(VisitEvent, VisitEvent.id == held.event)
        .where(WebhookEndpoint.id == held.webhook)
    ).one()
    if row.url is None:
        return None
    now = desk.db.now(session)
    vault = desk.secrets.vault
    url, secrets = url_of(vault, row), signing(vault, row, now)
    return Call(url, held.message_id, desk.db.timestamp(now), _body(event), secrets)


def _body(event: VisitEvent) -> bytes:
    said = {
        "type": event_type(event.act, VisitStatus(event.to_status)),
        "timestamp": event.at.isoformat(),
        "data": {"id": str(event.visit_id), "status": event.to_status, "sequence": event.sequence},
    }
    return orjson.dumps(said)


def take_leave(session: Session, held: Held, outcome: Outcome, now: datetime) -> None:
    """An endpoint that is gone gets nothing any more, until somebody enables it again."""
    if outcome.verdict is not Verdict.ADDRESS:
        return
    assert isinstance(held, ClaimedHook)
    row = session.get(WebhookEndpoint, held.webhook, with_for_update={"key_share": True})
    if row is not None and row.enabled:
        row.enabled, row.disabled_reason = False, GONE
        skip_pending(session, now, Message.webhook_id == row.id)
        open_task(session, TaskKind.WEBHOOK_GONE, None, f"webhook:{row.id}", now, now)
