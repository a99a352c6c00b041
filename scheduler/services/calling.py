"""Staff phone those whom a message does not reach: tasks that name the message which is to be said."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.db.models import Message, Visit
from scheduler.domain.messages import NEWS, ChannelName
from scheduler.domain.tasks import TaskKind
from scheduler.services.tasks import open_task

CALL_WITHIN = timedelta(hours=24)
"""A change that the clinic makes so shortly before a visit is told by phone too."""
CAUSE = "message:"
"""Begins the cause of such a task; the message's number follows."""


def open_call(session: Session, message: int, visit: UUID, due: datetime, now: datetime) -> None:
    """Somebody is to say by phone what this message says; once, as long as nobody has."""
    open_task(session, TaskKind.CALL, visit, f"{CAUSE}{message}", due, now)


def call_instead(session: Session, messages: Collection[int], now: datetime) -> None:
    """These messages ended badly: what they tell of visits that are still to be is told by phone."""
    if not messages:
        return
    unheard = (
        select(Message.id, Message.visit_id)
        .join(Visit, Visit.id == Message.visit_id)
        .where(Message.id.in_(messages), Message.kind.in_(NEWS), Visit.starts_at > now)
        .where(Message.channel != ChannelName.CALL)
        .order_by(Message.id)
    )
    for message, visit in session.execute(unheard):
        if visit is not None:
            open_call(session, message, visit, now, now)
