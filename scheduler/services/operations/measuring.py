"""How much there is to do, and for how long: counts and ages by code, nothing about anybody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, func, literal, select

from scheduler.db.models import Heartbeat, Message, Task, TriageCount
from scheduler.domain.messages import ChannelName, MessageState, Queue
from scheduler.services.ground.desk import Desk
from scheduler.services.inbound.mailbox import silence
from scheduler.services.outbox.manners import LONGEST_RETRY
from scheduler.services.outbox.sweeping import SWEEP
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
    """Since it was due, however often it was tried; hooks, which are tried for days, left out."""
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
    due = select(func.min(Message.due_at)).where(*waiting(now))
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


def waiting(now: datetime) -> Sequence[ColumnElement[bool]]:
    """Of messages that are due and have not left: nobody tried, or it failed for now.

    The index knows when each is tried next, and a retry is never far: what is planned for later is not read.
    """
    tried = Message.last_error.is_not(None)
    return (
        # A literal, as in the index: a plan that is kept for any state could not use it.
        Message.state == literal(MessageState.PENDING, literal_execute=True),
        Message.queue.in_([queue for queue in Queue if queue is not Queue.HOOKS]),
        Message.channel.in_([*ChannelName]),
        Message.next_at <= now + timedelta(seconds=LONGEST_RETRY),
        (Message.next_at <= now) | (tried & (Message.due_at <= now)),
        Message.expires_at > now,
    )


def _age(since: datetime | None, now: datetime) -> float | None:
    return (now - since).total_seconds() if since else None
