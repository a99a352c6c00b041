"""Whether messages that are refused after DATA are refused for their recipients' sake, or for ours."""

from datetime import datetime, timedelta

from sqlalchemy import Subquery, distinct, exists, func, literal, select, update
from sqlalchemy.orm import Session, aliased

from scheduler.channels.outcome import Verdict
from scheduler.db.models import ChannelPause, Message, MessageAttempt, Recipient
from scheduler.domain.messages import NEWS, ChannelName, MessageState
from scheduler.services.outbox.claiming import PROBE_EVERY, Held
from scheduler.services.tasks.calling import calls_no_more, says_the_same
from scheduler.services.telling.reaching import CONTACT_HASH

WINDOW = timedelta(minutes=10)
MANY = 5
"""So many different recipients refused within the window: nobody's list has so many bad addresses."""
_LOCK = 0x72656675
"""Of two that are refused at the same time, the second has to see the first."""
# As the index says it: a parameter could be any verdict to who plans the statement for all times.
_WAS_REFUSED = MessageAttempt.verdict == literal(Verdict.REFUSED, literal_execute=True)


def concerns_us(session: Session, held: Held, now: datetime) -> bool:
    """Whether a refusal, already written down as an attempt, is our fault and not this recipient's.

    Once it is, what was marked as failed in the window is unmarked, and nobody has to say it by phone; and
    as long as the channel is paused, nothing fails.
    """
    session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    paused = session.get(ChannelPause, held.channel) is not None
    if not paused and _others_were_taken(session, held):
        return False
    refused = _refused(held.channel, now - WINDOW)
    recipients = session.execute(select(func.count(distinct(refused.c.contact_hash)))).scalar_one()
    if recipients >= MANY:
        _unmark(session, refused, now)
    return paused or recipients >= MANY


def _others_were_taken(session: Session, held: Held) -> bool:
    """Whether the server took another message since it first refused this one: then it is this one.

    Without it, five bad addresses would pause the channel again and again until they expire.
    """
    first = select(func.min(MessageAttempt.id)).where(
        MessageAttempt.message_id == held.id, MessageAttempt.verdict == Verdict.REFUSED
    )
    taken = exists().where(
        MessageAttempt.id > first.scalar_subquery(),
        MessageAttempt.verdict == Verdict.SENT,
        MessageAttempt.message_id == Message.id,
        Message.channel == held.channel,
    )
    return bool(session.execute(select(taken)).scalar_one())


def _refused(channel: ChannelName, since: datetime) -> Subquery:
    """Messages that were refused, and whose they are: one person has a recipient row in each visit."""
    return (
        select(Message.id, CONTACT_HASH[channel].label("contact_hash"))
        .join(MessageAttempt, MessageAttempt.message_id == Message.id)
        .join(Recipient, Recipient.id == Message.recipient_id)
        .where(_WAS_REFUSED, MessageAttempt.at > since)
        .where(Message.channel == channel)
        .subquery()
    )


def _unmark(session: Session, refused: Subquery, now: datetime) -> None:
    """But for reminders that go another way since: nobody is told it twice."""
    other = aliased(Message)
    since = other.created_at > Message.created_at
    went_on = exists().where(Message.kind.not_in(NEWS), says_the_same(other), since)
    failed = Message.state == MessageState.FAILED, Message.expires_at > now, ~went_on
    unmarked = session.scalars(
        update(Message)
        .where(Message.id.in_(select(refused.c.id)), *failed)
        .values(state=MessageState.PENDING, token=None, finished_at=None, next_at=now + PROBE_EVERY)
        .returning(Message.id)
    )
    for message in unmarked.all():
        calls_no_more(session, message, now)
