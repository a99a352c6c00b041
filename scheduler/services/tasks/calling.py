"""Staff phone those whom a message does not reach: tasks that name the message which is to be said."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, select, update
from sqlalchemy.orm import Session, aliased

from scheduler.db.models import Message, Recipient, Task, Visit
from scheduler.domain.actors import SYSTEM
from scheduler.domain.messages import NEWS, OPEN, ChannelName, MessageState
from scheduler.domain.tasks import TaskKind
from scheduler.services.tasks.opening import open_task

CALL_WITHIN = timedelta(hours=24)
"""A change that the clinic makes so shortly before a visit is told by phone too."""
CALLED = (*OPEN, MessageState.SENT)
"""States of a message by phone that is, or becomes, a task."""
CAUSE = "message:"
"""Begins the cause of such a task; the message's number follows."""


def open_call(session: Session, message: int, visit: UUID, due: datetime, now: datetime) -> None:
    """Somebody is to say by phone what this message says; once, as long as nobody has."""
    open_task(session, TaskKind.CALL, visit, f"{CAUSE}{message}", due, now)


def says_the_same(other: type[Message]) -> ColumnElement[bool]:
    """Whether another row tells the same person the same as a message, by whatever channel."""
    same = ("visit_id", "recipient_id", "sequence", "kind", "offset_minutes")
    return and_(*(getattr(other, name) == getattr(Message, name) for name in same))


def call_instead(session: Session, messages: Collection[int], now: datetime) -> None:
    """These messages ended badly: what they tell of visits that are still to be is told by phone.

    Not what is so no more, or went to an address that is out of it: others were planned since, to be heard.
    Once: where a message goes that way already, because nothing else reaches its recipient, it is enough.
    """
    if not messages:
        return
    called = aliased(Message)
    by_phone = called.channel == ChannelName.CALL, called.state.in_(CALLED)
    unheard = (
        select(Message.id, Message.visit_id)
        .join(Visit, and_(Visit.id == Message.visit_id, Visit.sequence == Message.sequence))
        .join(Recipient, and_(Recipient.id == Message.recipient_id, Recipient.receives))
        .where(Message.id.in_(messages), Message.kind.in_(NEWS), Visit.starts_at > now)
        .where(Message.channel != ChannelName.CALL)
        .where(~exists().where(says_the_same(called), *by_phone))
        .order_by(Message.id)
    )
    for message, visit in session.execute(unheard):
        if visit is not None:
            open_call(session, message, visit, now, now)


def calls_no_more(session: Session, message: int, now: datetime) -> None:
    """It arrived after all: nobody has to say it by phone, unless it was to be called whatever arrives.

    Such a call was opened with the message itself, at the same moment; others when it had ended badly.
    """
    waiting = Task.kind == TaskKind.CALL, Task.cause == f"{CAUSE}{message}", Task.done_at.is_(None)
    ended_badly = Message.id == message, Task.created_at != Message.created_at
    closed = update(Task).where(*waiting, *ended_badly)
    session.execute(closed.values(done_at=now, done_by=str(SYSTEM)))
