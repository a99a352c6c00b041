"""How much there is to do, and for how long: counts and ages by code, nothing about anybody."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from scheduler.db.models import Heartbeat, Message, Task, TriageCount
from scheduler.domain.messages import MessageState
from scheduler.services.desk import Desk
from scheduler.services.health import SWEEP
from scheduler.services.inbound.mailbox import silence
from scheduler.services.outside.watching import ages


@dataclass(frozen=True, slots=True)
class Measures:
    """Ages in seconds; None where there is nothing to be old."""

    open_tasks: Mapping[str, int]
    oldest_task: Mapping[str, float]
    """By kind, as the counts: since it was opened."""
    messages: Mapping[tuple[str, str, str], int]
    """By state, kind and channel."""
    oldest_due_message: float | None
    """Since it was to be tried (again)."""
    last_sweep: float | None
    outside_calendars: Mapping[str, float]
    """Since the most silent source of each practitioner gave a calendar."""
    mailbox: float | None
    """Since it was last read."""
    triage: Mapping[str, int]
    """How often the safety questions came to which outcome, ever."""


def measure(connection: Connection, desk: Desk) -> Measures:
    now = desk.db.now(connection)
    tasks = connection.execute(
        select(Task.kind, func.count(), func.min(Task.created_at))
        .where(Task.done_at.is_(None))
        .group_by(Task.kind)
    ).all()
    messages = connection.execute(
        select(Message.state, Message.kind, Message.channel, func.count()).group_by(
            Message.state, Message.kind, Message.channel
        )
    )
    due = select(func.min(Message.next_at)).where(
        Message.state == MessageState.PENDING, Message.next_at <= now, Message.expires_at > now
    )
    answers = select(TriageCount.outcome, func.sum(TriageCount.answers)).group_by(TriageCount.outcome)
    swept = select(Heartbeat.at).where(Heartbeat.part == SWEEP)
    unread = silence(connection, desk.mailbox, now) if desk.mailbox else None
    return Measures(
        open_tasks={kind: count for kind, count, _ in tasks},
        oldest_task={kind: (now - oldest).total_seconds() for kind, _, oldest in tasks},
        messages={(state, kind, channel): count for state, kind, channel, count in messages},
        oldest_due_message=_age(connection.execute(due).scalar_one(), now),
        triage={outcome: int(count) for outcome, count in connection.execute(answers)},
        last_sweep=_age(connection.execute(swept).scalar_one_or_none(), now - desk.db.offset),
        outside_calendars=ages(connection, now),
        mailbox=unread.lasts.total_seconds() if unread else None,
    )


def _age(since: datetime | None, now: datetime) -> float | None:
    return (now - since).total_seconds() if since else None
