"""Messages become rows in the transaction of what they tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.orm import Session

from scheduler.db.rows import spell
from scheduler.domain.messages import QUEUES, ChannelName, Hint, MessageState, PlannedMessage, Queue
from scheduler.domain.routing import dispatch
from scheduler.services.telling.reaching import Reached

# One statement however many rows, and always the same one: it is parsed, prepared and cached once.
MESSAGES = """
    INSERT INTO messages (visit_id, recipient_id, sequence, kind, offset_minutes, channel, queue, state,
                          due_at, expires_at, next_at, message_id, created_at, attempt, handoffs)
    SELECT visit_id, recipient_id, sequence, kind, offset_minutes, channel, queue, state,
           due_at, expires_at, next_at, message_id, created_at, 0, 0
    FROM jsonb_to_recordset(CAST(:messages AS jsonb)) AS r (
        visit_id uuid, recipient_id uuid, sequence int, kind text, offset_minutes int, channel text,
        queue text, state text, due_at timestamptz, expires_at timestamptz, next_at timestamptz,
        message_id text, created_at timestamptz
    )
    ON CONFLICT (visit_id, sequence, kind, offset_minutes, channel, recipient_id)
    DO UPDATE SET state = EXCLUDED.state, due_at = EXCLUDED.due_at, expires_at = EXCLUDED.expires_at,
                  next_at = EXCLUDED.next_at, nudged_at = NULL, finished_at = NULL
    WHERE messages.state = 'skipped'
    RETURNING id, queue, due_at
"""
ENTER = text(MESSAGES)


@dataclass(frozen=True, slots=True)
class About:
    """The visit that messages tell of, as it now is."""

    visit: UUID
    sequence: int
    starts: Sequence[datetime]
    """When it begins, and when it began before, where that has just changed."""


def plan(
    session: Session, about: About, told: Sequence[Reached], planned: Sequence[PlannedMessage], now: datetime
) -> list[Hint]:
    """Write the rows of all, each by the channels that reach them; hints of those that are due at once."""
    return enter(session, planned_rows(about, told, planned, now), now)


def planned_rows(
    about: About, told: Sequence[Reached], planned: Sequence[PlannedMessage], now: datetime
) -> list[dict[str, Any]]:
    return [
        message_row(about, one.recipient, sent.channel, sent.message, now)
        for one in told
        for each in planned
        for sent in dispatch(each, one.reach, about.starts, now)
    ]


def enter(session: Session, rows: Sequence[dict[str, Any]], now: datetime) -> list[Hint]:
    """Write rows, if there are any; hints of what is due at once.

    One that is there already stays, but where it was skipped because it could not go that way: now it can.
    """
    if not rows:
        return []
    made = session.execute(ENTER, {"messages": spell(rows)})
    return [Hint(id, Queue(queue)) for id, queue, due in made if due <= now]


def message_row(
    about: About, recipient: UUID, channel: ChannelName, each: PlannedMessage, now: datetime
) -> dict[str, Any]:
    """A message that is to become a row."""
    return {
        "visit_id": about.visit,
        "recipient_id": recipient,
        "sequence": about.sequence,
        "kind": each.kind,
        "offset_minutes": each.offset,
        "channel": channel,
        "queue": QUEUES[each.kind],
        "state": MessageState.PENDING,
        "due_at": each.due_at,
        "expires_at": each.expires_at,
        "next_at": each.due_at,
        "message_id": uuid4().hex,
        "created_at": now,
    }
