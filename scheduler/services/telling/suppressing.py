"""Nothing more goes to an address or a number: what was planned for it goes another way."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from scheduler.db.models import Message, Recipient, Suppression, Visit
from scheduler.domain.messages import ChannelName, MessageState
from scheduler.services.telling.reaching import CONTACT_HASH
from scheduler.services.telling.rerouting import move_on, replan

COUNTS = timedelta(days=7)
"""For so long after its end something may still go out about a visit."""


def suppress(session: Session, channel: ChannelName, contact_hash: bytes, reason: str, now: datetime) -> bool:
    """Nothing more goes to this contact (its keyed hash) by this channel; whether something did until now.

    What is planned for it moves to the next channel, last of all to calls. Locks the visits that are told to
    this contact, and of two at once the second waits for the first and finds it done. `reason` is a code.
    """
    row = {"channel": channel, "contact_hash": contact_hash, "since": now, "reason": reason}
    entered = upsert(Suppression).values(row).on_conflict_do_nothing().returning(Suppression.channel)
    if session.execute(entered).first() is None:
        return False
    visits = [visit.id for visit in visits_told(session, channel, contact_hash, now)]
    planned = (
        select(Message.id)
        .join(Recipient, Recipient.id == Message.recipient_id)
        .where(Message.visit_id.in_(visits), CONTACT_HASH[channel] == contact_hash)
        .where(Message.channel == channel, Message.state == MessageState.PENDING)
    )
    _skip(session, session.scalars(planned).all(), now)
    return True


def lift(session: Session, channel: ChannelName, contact_hash: bytes, now: datetime) -> bool:
    """This contact gets what goes by this channel again, and reminders that wait go there if they would have;
    whether nothing did until now."""
    ours = Suppression.channel == channel, Suppression.contact_hash == contact_hash
    if session.execute(delete(Suppression).where(*ours).returning(Suppression.channel)).first() is None:
        return False
    visits = [visit.id for visit in visits_told(session, channel, contact_hash, now)]
    theirs = Recipient.visit_id.in_(visits), CONTACT_HASH[channel] == contact_hash
    for recipient in session.scalars(select(Recipient.id).where(*theirs).order_by(Recipient.id)).all():
        replan(session, recipient, now)
    return True


def reason_of(session: Session, channel: ChannelName, contact_hash: bytes) -> str | None:
    """Why nothing goes to this contact by this channel, as a code; None where it does."""
    ours = Suppression.channel == channel, Suppression.contact_hash == contact_hash
    return session.scalars(select(Suppression.reason).where(*ours)).one_or_none()


def visits_told(
    session: Session, channel: ChannelName, contact_hash: bytes, now: datetime
) -> Sequence[Visit]:
    """Visits that were told to this contact and about which something may still go out, locked."""
    theirs = select(Recipient.visit_id).where(CONTACT_HASH[channel] == contact_hash)
    return session.scalars(
        select(Visit)
        .where(Visit.id.in_(theirs), Visit.ends_at > now - COUNTS)
        .order_by(Visit.id)
        .with_for_update(key_share=True)
    ).all()


def _skip(session: Session, messages: Sequence[int], now: datetime) -> None:
    move_on(session, messages, now)
    skipped = Message.id.in_(messages), Message.state == MessageState.PENDING
    session.execute(update(Message).where(*skipped).values(state=MessageState.SKIPPED, finished_at=now))
