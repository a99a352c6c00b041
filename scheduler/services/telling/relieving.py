"""What a channel keeps back for long goes another way, or besides: looked for again and again."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, exists, literal, or_, select, union
from sqlalchemy.orm import Session, aliased

from scheduler.db.models import ChannelPause, Message, Recipient, Visit
from scheduler.domain.messages import NEWS, ChannelName, MessageKind, MessageState, Queue
from scheduler.domain.routing import Reach
from scheduler.services.tasks.calling import says_the_same
from scheduler.services.telling.planning import enter
from scheduler.services.telling.reaching import BY_MAIL, BY_TEXT, HEARS_OF_IT
from scheduler.services.telling.rerouting import (
    ENDED_BADLY,
    Found,
    other_ways,
    reach_by_recipient,
    skip,
    tried_in_vain,
)

STUCK_LONG = timedelta(minutes=30)
SOON = timedelta(hours=48)
LONGEST_WAIT = timedelta(days=2)
"""No provider's `Retry-After` is heeded for longer."""
MOST_AT_ONCE = 500
"""Messages that go another way in a minute; the next one finds the rest."""

# As the indexes say it: parameters could be anything to who plans the statement for all times.
_IS_PENDING = Message.state == literal(MessageState.PENDING, literal_execute=True)
_NONE = literal(0, literal_execute=True)


def relieve(session: Session, now: datetime) -> int:
    """What a paused channel keeps back, or nobody takes, for half an hour goes another way; how many.

    News of visits that are soon go besides, to whom nothing else reaches by phone. Reminders of a paused
    channel go instead, by what else reaches and is not paused: without, they wait, and flood no call list.
    """
    long = select(ChannelPause.channel).where(ChannelPause.since <= now - STUCK_LONG)
    paused = session.scalars(long).all()
    redirected = _redirect_reminders(session, paused, now) if paused else 0
    return _go_besides(session, paused, now) + redirected


def _go_besides(session: Session, paused: Sequence[str], now: datetime) -> int:
    found = session.execute(_unheard(paused, now).limit(MOST_AT_ONCE)).all()
    in_vain = tried_in_vain(session, [message.id for message, _ in found], ENDED_BADLY)
    enter(session, other_ways(found, _open_to(session, found), now, in_vain), now)
    return len(found)


def _unheard(paused: Sequence[str], now: datetime) -> Select[Message, datetime]:
    """News of visits that are soon and that go no way but those on which they are stuck.

    Of news that ended badly by another way somebody is called already.
    """
    other = aliased(Message)
    elsewhere = exists().where(
        says_the_same(other),
        other.id != Message.id,
        other.state != MessageState.SKIPPED,
        or_(Message.kind.in_(NEWS), other.state.not_in(ENDED_BADLY)),
        ~and_(other.state == MessageState.PENDING, or_(_waits(other, paused, now), _in_trouble(other, now))),
    )
    return (
        select(Message, Visit.starts_at)
        .join(Visit, Visit.id == Message.visit_id)
        .where(Visit.starts_at > now, Visit.starts_at <= now + SOON)
        .where(Message.kind.in_(NEWS | {MessageKind.JOIN}), Message.id.in_(_stuck(paused, now)), ~elsewhere)
        .order_by(Message.id)
        .with_for_update(of=Visit, key_share=True, skip_locked=True)
    )


def _stuck(paused: Sequence[str], now: datetime) -> CompoundSelect[int]:
    """What is due by a channel that is paused for long, or long due and was taken in vain."""
    in_vain = select(Message.id).where(_IS_PENDING, _in_trouble(Message, now))
    return union(_waiting(paused, now), in_vain)


def _waiting(paused: Sequence[str], now: datetime) -> Select[int]:
    """What is due by these channels, looked for where the index has what is tried soon."""
    soon = Message.queue.in_(Queue), Message.next_at <= now + LONGEST_WAIT
    return select(Message.id).where(_IS_PENDING, _waits(Message, paused, now), *soon)


def _waits(message: type[Message], paused: Sequence[str], now: datetime) -> ColumnElement[bool]:
    return and_(message.channel.in_(paused), message.due_at <= now)


def _in_trouble(message: type[Message], now: datetime) -> ColumnElement[bool]:
    """What nobody took yet is in no trouble: after an outage of ours it only waits for its turn."""
    return and_(message.attempt > _NONE, message.due_at <= now - STUCK_LONG)


def _kept_back(paused: Sequence[str], now: datetime) -> Select[Message, datetime]:
    """Reminders of a channel that is paused for long, to whom the other one reaches and is open, and by which
    the same did not end badly."""
    other, tried = aliased(ChannelPause), aliased(Message)
    reaches = ((ChannelName.EMAIL, BY_MAIL), (ChannelName.SMS, BY_TEXT))
    ended_badly = says_the_same(tried), tried.state.in_(ENDED_BADLY)
    open_to = (
        and_(
            reached,
            ~exists().where(other.channel == way),
            ~exists().where(tried.channel == way, *ended_badly),
        )
        for way, reached in reaches
    )
    return (
        select(Message, Visit.starts_at)
        .join(Visit, Visit.id == Message.visit_id)
        .join(Recipient, Recipient.id == Message.recipient_id)
        .where(Message.id.in_(_waiting(paused, now)))
        .where(Message.kind == MessageKind.REMINDER, Visit.starts_at > now)
        .where(HEARS_OF_IT, or_(*open_to))
        .with_for_update(of=Visit, key_share=True, skip_locked=True)
    )


def _redirect_reminders(session: Session, paused: Sequence[str], now: datetime) -> int:
    found = session.execute(_kept_back(paused, now).limit(MOST_AT_ONCE)).all()
    skipped = skip(session, [message.id for message, _ in found], now)
    going = [row for row in found if row.Message.id in skipped]
    enter(session, other_ways(going, _open_to(session, going), now), now)
    return len(found)


def _open_to(session: Session, found: Found) -> Mapping[UUID, Reach]:
    """How their recipients are reached by channels on which nothing of theirs is stuck, and that are open."""
    if not found:
        return {}
    paused = {ChannelName(each) for each in session.scalars(select(ChannelPause.channel))}
    stuck = {(message.recipient_id, message.channel) for message, _ in found}
    return {
        who: replace(how, reached=frozenset(way for way in how.reached - paused if (who, way) not in stuck))
        for who, how in reach_by_recipient(session, found).items()
    }
