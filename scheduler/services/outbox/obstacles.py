"""Whether a message may still go to the address or number that it was planned for."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, exists, func, select, update
from sqlalchemy.orm import Session

from scheduler.db.models import Message, Recipient, Visit
from scheduler.domain.messages import ChannelName, MessageKind, MessageState
from scheduler.domain.routing import WEEK, Reach, is_night, text_now, within_caps
from scheduler.domain.times import DAY
from scheduler.services.outbox.claiming import Claimed
from scheduler.services.outbox.told import believed_start
from scheduler.services.people.recipients import FORMER, IS_INVOLVED
from scheduler.services.telling.reaching import ASKED, CONTACT_HASH, HEARS_OF_IT, reached, unwanted
from scheduler.services.telling.reminding import WANTS_NO_REMINDERS
from scheduler.services.telling.rerouting import move_on

Obstacle = MessageState | datetime
"""What becomes of a message that must not go there; an instant where it may go then."""


WHO = (
    ASKED.order_by(None)
    .add_columns(
        Recipient.role,
        Recipient.email_hash,
        Visit.starts_at,
        HEARS_OF_IT.label("hears"),
        WANTS_NO_REMINDERS.label("refuses_reminders"),
    )
    .where(Recipient.id == bindparam("recipient"))
)
"""What `obstacle` asks of a recipient."""


def obstacle(session: Session, held: Claimed, who: Row[Any], now: datetime) -> Obstacle | None:
    """None where it may. Lock the visit before."""
    if held.kind is MessageKind.WITHDRAWN:
        return _keeps_from_withdrawing(session, held, who.role, who.email_hash)
    if who.role.startswith(FORMER):
        return MessageState.SUPERSEDED
    if held.channel not in CONTACT_HASH:
        return None
    reach = reached(who).reach
    if not who.hears or held.channel not in reach.reached:
        return _go_another_way(session, held, now)
    if held.channel is ChannelName.SMS:
        return _untimely(session, held, who, reach, now)
    refused = held.kind is MessageKind.REMINDER and who.refuses_reminders
    return MessageState.SKIPPED if refused else None


def _keeps_from_withdrawing(
    session: Session, held: Claimed, role: str, email_hash: bytes | None
) -> Obstacle | None:
    unwelcome = select(unwanted(held.channel)).where(Recipient.id == held.recipient)
    if session.execute(unwelcome).scalar_one():
        return MessageState.SKIPPED
    involved = not role.startswith(FORMER) or _in_use(session, held, email_hash)
    return MessageState.SUPERSEDED if involved else None


def _in_use(session: Session, held: Claimed, email_hash: bytes | None) -> bool:
    """Whether somebody who hears of the visit has this address, too, or again: their entry has to stay."""
    found = exists().where(
        Recipient.visit_id == held.visit, Recipient.email_hash == email_hash, Recipient.receives, IS_INVOLVED
    )
    return bool(session.execute(select(found)).scalar_one())


def _go_another_way(session: Session, held: Claimed, now: datetime) -> MessageState:
    move_on(session, [held.id], now)
    return MessageState.SKIPPED


def _untimely(session: Session, held: Claimed, who: Row[Any], reach: Reach, now: datetime) -> Obstacle | None:
    """A text may be late by an outage; a reminder may be too much for one number, too."""
    if is_night(now, reach.zone):
        starts = [who.starts_at, *believed_start(session, held)]
        channel, message = text_now(held.kind, held.expires_at, reach, starts, now)
        if channel is not ChannelName.SMS:
            return _go_another_way(session, held, now)
        return _put_off(session, held, message.due_at) if message.due_at > now else None
    if held.kind is not MessageKind.REMINDER:
        return None
    capped = not within_caps(_reminded(session, held, now), now, reach.zone)
    return _go_another_way(session, held, now) if capped else None


def _put_off(session: Session, held: Claimed, until: datetime) -> datetime:
    """As if it had been planned for then: nobody takes it for stuck, and calls."""
    mine = update(Message).where(Message.id == held.id, Message.token == held.token)
    session.execute(mine.values(due_at=until))
    return until


def _reminded(session: Session, held: Claimed, now: datetime) -> list[datetime]:
    """When reminder texts went to this number lately. Of two at once one waits, and counts the other."""
    number = session.scalars(select(Recipient.phone_hash).where(Recipient.id == held.recipient)).one()
    session.execute(select(func.pg_advisory_xact_lock(int.from_bytes((number or b"")[:8], signed=True))))
    texts = (
        select(Message.handed_at)
        .join(Recipient, Recipient.id == Message.recipient_id)
        .where(Recipient.phone_hash == number, Message.id != held.id)
        .where(Message.channel == ChannelName.SMS, Message.kind == MessageKind.REMINDER)
        .where(Message.handoffs > 0, Message.handed_at > now - (WEEK + 1) * DAY)
    )
    return [at for at in session.scalars(texts) if at]
