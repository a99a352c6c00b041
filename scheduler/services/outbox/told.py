"""What somebody was told of a visit before."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.db.models import Message
from scheduler.domain.messages import REMOVING, WITH_ENTRY
from scheduler.services.outbox.claiming import Claimed


def believed_start(session: Session, held: Claimed) -> Sequence[datetime]:
    """When the visit begins, as the last message before this one said; empty where nothing was handed over.

    No row keeps the start that a visit was moved from. But news of a visit are worth sending until its start,
    so that is when they expired.
    """
    told = (
        select(Message.expires_at)
        .where(Message.recipient_id == held.recipient, Message.id < held.id, Message.handoffs > 0)
        .where(Message.kind.in_(WITH_ENTRY - REMOVING))
        .order_by(Message.id.desc())
        .limit(1)
    )
    return session.scalars(told).all()
