"""Messages become rows in the transaction of what they tell."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from scheduler.domain.messages import QUEUES, ChannelName, Hint, MessageState, PlannedMessage, Queue

# One statement however many rows, and always the same one: it is parsed, prepared and cached once.
ENTER = text(
    """
    INSERT INTO messages (visit_id, recipient_id, sequence, kind, offset_minutes, channel, queue, state,
                          due_at, expires_at, next_at, message_id, created_at, attempt, handoffs)
    SELECT visit_id, recipient_id, sequence, kind, offset_minutes, channel, queue, state,
           due_at, expires_at, next_at, message_id, created_at, 0, 0
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (
        visit_id uuid, recipient_id uuid, sequence int, kind text, offset_minutes int, channel text,
        queue text, state text, due_at timestamptz, expires_at timestamptz, next_at timestamptz,
        message_id text, created_at timestamptz
    )
    RETURNING id, queue, due_at
    """
)


def plan(
    session: Session,
    visit: UUID,
    recipient: UUID,
    planned: Sequence[PlannedMessage],
    now: datetime,
    sequence: int = 0,
) -> list[Hint]:
    """Write the rows; hints of those that are due at once."""
    rows = [message_row(visit, recipient, sequence, each, now) for each in planned]
    made = session.execute(ENTER, {"rows": orjson.dumps(rows).decode()})
    return [Hint(id, Queue(queue)) for id, queue, due in made if due <= now]


def message_row(
    visit: UUID, recipient: UUID, sequence: int, each: PlannedMessage, now: datetime
) -> dict[str, Any]:
    """A message that is to become a row."""
    return {
        "visit_id": visit,
        "recipient_id": recipient,
        "sequence": sequence,
        "kind": each.kind,
        "offset_minutes": each.offset,
        "channel": ChannelName.EMAIL,
        "queue": QUEUES[each.kind],
        "state": MessageState.PENDING,
        "due_at": each.due_at,
        "expires_at": each.expires_at,
        "next_at": each.due_at,
        "message_id": uuid4().hex,
        "created_at": now,
    }
