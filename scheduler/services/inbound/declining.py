"""Whoever's calendar declined is told that the visit stands, and where it can be changed or cancelled."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from scheduler.db.models import Message, Recipient, Visit
from scheduler.domain.messages import Hint, MessageKind, PlannedMessage, Queue
from scheduler.services.planning import message_row
from scheduler.services.recipients import UNWANTED


def tell_that_it_stands(session: Session, visit: Visit, who: Recipient, now: datetime) -> Sequence[Hint]:
    """Plan the one mail that answers a calendar: once for each time that the visit was told."""
    reached = exists().where(Recipient.id == who.id, ~UNWANTED)
    if visit.starts_at <= now or not session.execute(select(reached)).scalar_one():
        return []
    planned = PlannedMessage(MessageKind.REPLY, 0, now, visit.starts_at)
    row = message_row(visit.id, who.id, visit.sequence, planned, now)
    entered = (
        upsert(Message.table()).values(row).on_conflict_do_nothing().returning(Message.id, Message.queue)
    )
    return [Hint(id, Queue(queue)) for id, queue in session.execute(entered)]
