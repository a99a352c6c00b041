"""Nothing more goes to an address: what was planned for it is left."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from scheduler.db.models import Message, Recipient, Suppression
from scheduler.domain.messages import ChannelName, MessageState


def suppress(session: Session, channel: ChannelName, contact_hash: bytes, reason: str, now: datetime) -> bool:
    """Whether it was not yet."""
    row = {"channel": channel, "contact_hash": contact_hash, "since": now, "reason": reason}
    entered = upsert(Suppression).values(row).on_conflict_do_nothing().returning(Suppression.channel)
    if session.execute(entered).first() is None:
        return False
    at_address = select(Recipient.id).where(Recipient.email_hash == contact_hash)
    planned = Message.recipient_id.in_(at_address), Message.state == MessageState.PENDING
    session.execute(update(Message).where(*planned).values(state=MessageState.SKIPPED, finished_at=now))
    return True
