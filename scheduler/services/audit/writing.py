"""Writing down who did what: the visit's own history, and the audit of the whole service."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import orjson
from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from scheduler.db.models import AuditEntry
from scheduler.domain.actors import Actor
from scheduler.domain.hooks import COUNTS, event_type
from scheduler.domain.messages import Hint, Queue
from scheduler.domain.visits import VisitStatus

# Each act writes both, and a hook for each program that wants to know. Part of a statement: a booking's
# enters much else. It needs what `acted` says.
NOTED = """
    event AS (
        INSERT INTO visit_events (visit_id, at, actor, act, from_status, to_status, sequence, reason)
        VALUES (:visit, :at, :actor, :act, :from, :to, :sequence, :reason)
        RETURNING id
    ), audit AS (
        INSERT INTO audit_entries (at, actor, act, object_kind, object_id, detail)
        VALUES (:at, :actor, :act, 'visit', CAST(:visit AS uuid)::text, CAST(:detail AS jsonb))
    ), hook AS (
        INSERT INTO messages (visit_id, webhook_id, event_id, sequence, kind, offset_minutes, channel, queue,
                              state, due_at, expires_at, next_at, message_id, created_at, attempt, handoffs)
        SELECT :visit, w.id, event.id, :sequence, 'webhook', 0, 'webhook', 'hooks',
               'pending', :at, :expires, :at, 'msg_' || translate(gen_random_uuid()::text, '-', ''), :at, 0, 0
        FROM event CROSS JOIN webhook_endpoints w
        WHERE w.enabled AND CAST(:type AS text) IS NOT NULL
        AND (w.types IS NULL OR CAST(:type AS text) = ANY(w.types))
        RETURNING id
    )
"""
NOTE_ACT = text(f"WITH {NOTED} TABLE hook")  # put together once


def acted(
    visit: UUID,
    actor: Actor,
    act: str,
    was: VisitStatus | None,
    status: VisitStatus,
    sequence: int,
    now: datetime,
    reason: str | None = None,
) -> Mapping[str, object]:
    """One act on a visit, as it is noted. `reason` is a code."""
    detail = {"from": was, "to": status, "sequence": sequence, "reason": reason}
    row = {"visit": visit, "at": now, "actor": str(actor), "act": act, **detail}
    hook = {"type": event_type(act, status), "expires": now + COUNTS}
    return {**row, **hook, "detail": orjson.dumps(detail).decode()}


def note_act(session: Session, act: Mapping[str, object]) -> list[Hint]:
    """Write down what was `acted`, in the visit's history and in the audit; hints of the hooks."""
    return [Hint(id, Queue.HOOKS) for id in session.execute(NOTE_ACT, act).scalars()]


def note(
    session: Session,
    actor: Actor,
    act: str,
    object_kind: str,
    object_id: str | None,
    now: datetime,
    detail: Mapping[str, object] | None = None,
) -> None:
    """One entry of the audit. `detail` holds codes, counts and ids, nothing that a patient said."""
    row = {
        "at": now,
        "actor": str(actor),
        "act": act,
        "object_kind": object_kind,
        "object_id": object_id,
        "detail": dict(detail or {}),
    }
    session.execute(insert(AuditEntry.table()), row)
