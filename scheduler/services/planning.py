"""Messages become rows in the transaction of what they tell."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert
from sqlalchemy.orm import Session

from scheduler.db.models import Message
from scheduler.domain.messages import QUEUES, ChannelName, Hint, MessageState, PlannedMessage, Queue


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
    made = session.execute(insert(Message.table()).returning(Message.id, Message.queue, Message.due_at), rows)
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
