"""Whoever's calendar declined is told that the visit stands, and where it can be changed or cancelled."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.db.models import Recipient, Visit
from scheduler.domain.messages import ChannelName, Hint, MessageKind, PlannedMessage
from scheduler.services.telling.planning import About, enter, message_row
from scheduler.services.telling.reaching import BY_MAIL


def tell_that_it_stands(session: Session, visit: Visit, who: Recipient, now: datetime) -> Sequence[Hint]:
    """Plan the one mail that answers a calendar: once for each time that the visit was told."""
    reached = select(BY_MAIL).where(Recipient.id == who.id)
    if visit.starts_at <= now or not session.execute(reached).scalar_one():
        return []
    planned = PlannedMessage(MessageKind.REPLY, 0, now, visit.starts_at)
    about = About(visit.id, visit.sequence, (visit.starts_at,))
    return enter(session, [message_row(about, who.id, ChannelName.EMAIL, planned, now)], now)
