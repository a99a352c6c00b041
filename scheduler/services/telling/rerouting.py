"""Messages that cannot go the way that was planned for them go the next one, last of all a call by staff."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, exists, or_, select, update
from sqlalchemy.orm import Session, aliased

from scheduler.db.models import ChannelPause, Message, Recipient, Visit
from scheduler.domain.messages import NEWS, ChannelName, Hint, MessageKind, MessageState, PlannedMessage
from scheduler.domain.routing import Reach, dispatch
from scheduler.services.tasks.calling import says_the_same
from scheduler.services.telling.planning import About, enter, message_row
from scheduler.services.telling.reaching import BY_MAIL, BY_TEXT, HEARS_OF_IT, reach_of

REROUTED = NEWS | {MessageKind.REMINDER, MessageKind.JOIN}
"""Kinds that somebody has to hear by whatever way."""
ENDED_BADLY = (MessageState.FAILED, MessageState.BOUNCED, MessageState.UNKNOWN)
"""States of a message that does not go once more by that channel, whatever changes."""
GIVEN_UP = (MessageState.SKIPPED, *ENDED_BADLY)
"""States in which nothing more is to be hoped of a channel."""
STUCK_LONG = timedelta(minutes=30)
SOON = timedelta(hours=48)
MOST_AT_ONCE = 500
"""Messages that go another way in a minute; the next one finds the rest."""

Found = Sequence[Row[Message, datetime]]
"""Messages, and when their visits begin."""


def move_on(session: Session, messages: Collection[int], now: datetime) -> list[Hint]:
    """Plan these messages by the channels that reach their recipients now, without the one that they have and
    those by which the same was tried in vain.

    What goes that way already is left as it is. The messages themselves stay as they are, too. Hints of what
    is due at once.
    """
    asked = (
        select(Message, Visit.starts_at)
        .join(Visit, Visit.id == Message.visit_id)
        .where(Message.id.in_(messages), Message.kind.in_(REROUTED))
    )
    found = session.execute(asked).all()
    in_vain = _in_vain(session, messages)
    return enter(session, _planned(found, _reach(session, found), now, in_vain), now)


def _in_vain(
    session: Session, messages: Collection[int], states: Collection[MessageState] = GIVEN_UP
) -> Mapping[int, set[ChannelName]]:
    """By message, the channels by which the same ended badly or could not go.

    What was set aside before it was due was not tried: it had another way then, and has this one now.
    """
    other = aliased(Message)
    untried = and_(other.state == MessageState.SKIPPED, other.finished_at < other.due_at)
    tried = (
        select(Message.id, other.channel)
        .join(other, says_the_same(other))
        .where(Message.id.in_(messages), other.state.in_(states), ~untried)
    )
    found: dict[int, set[ChannelName]] = {}
    for message, channel in session.execute(tried):
        found.setdefault(message, set()).add(ChannelName(channel))
    return found


def _reach(session: Session, found: Found) -> Mapping[UUID, Reach]:
    return reach_of(session, {message.recipient_id for message, _ in found if message.recipient_id})


def _planned(
    found: Found,
    reach: Mapping[UUID, Reach],
    now: datetime,
    in_vain: Mapping[int, set[ChannelName]] = MappingProxyType({}),
) -> list[dict[str, Any]]:
    """Once each: what can go neither by mail nor by text is one call."""
    rows = (
        row
        for each in found
        if (how := reach.get(each.Message.recipient_id))
        for row in _rows(each, how, in_vain.get(each.Message.id, set()), now)
    )
    return list({_key(row): row for row in rows}.values())


def _rows(
    found: Row[Message, datetime], reach: Reach, in_vain: set[ChannelName], now: datetime
) -> list[dict[str, Any]]:
    message, start = found
    others = replace(reach, reached=reach.reached - in_vain - {ChannelName(message.channel)})
    return _sent(message, others, start, max(message.due_at, now), now)


def _sent(
    message: Message, reach: Reach, start: datetime, due: datetime, now: datetime
) -> list[dict[str, Any]]:
    """The rows by which it goes to somebody who is reached like that."""
    if message.visit_id is None or message.recipient_id is None:
        return []
    planned = PlannedMessage(MessageKind(message.kind), message.offset_minutes, due, message.expires_at)
    about = About(message.visit_id, message.sequence, (start,))
    return [
        message_row(about, message.recipient_id, sent.channel, sent.message, now)
        for sent in dispatch(planned, reach, about.starts, now)
    ]


def replan(session: Session, recipient: UUID, now: datetime) -> None:
    """Reminders that wait go as the recipient is reached, and wishes to be reached, from now on.

    But by no channel by which the same ended badly already: there it would not be begun again.
    """
    session.flush()
    waiting = (
        select(Message, Visit.starts_at)
        .join(Visit, Visit.id == Message.visit_id)
        .where(Message.recipient_id == recipient, Message.state == MessageState.PENDING)
        .where(Message.kind.in_([MessageKind.REMINDER, MessageKind.JOIN]))
    )
    found, reach = session.execute(waiting).all(), reach_of(session, [recipient]).get(recipient)
    if reach is None or not found:
        return
    in_vain = _in_vain(session, [message.id for message, _ in found], ENDED_BADLY)
    wanted: dict[tuple[object, ...], dict[str, Any]] = {}
    for message, start in found:
        due = start - timedelta(minutes=message.offset_minutes)
        how = replace(reach, reached=reach.reached - in_vain.get(message.id, set()))
        wanted |= {_key(row): row for row in _sent(message, how, start, max(due, now), now)}
    enter(session, list(wanted.values()), now)
    _skip(session, [message.id for message, _ in found if _key(vars(message)) not in wanted], now)


def _skip(session: Session, messages: Collection[int], now: datetime) -> Collection[int]:
    """Out of a worker's hands, too, who could still give it back; which of them, as others were handed over
    meanwhile."""
    not_left = Message.state.in_((MessageState.PENDING, MessageState.CLAIMED))
    skipped = update(Message).where(Message.id.in_(messages), not_left).returning(Message.id)
    ended = {"state": MessageState.SKIPPED, "token": None, "finished_at": now}
    return set(session.scalars(skipped.values(ended)))


def _key(row: Mapping[str, Any]) -> tuple[object, ...]:
    return row["recipient_id"], row["sequence"], row["kind"], row["offset_minutes"], row["channel"]


def was_texted(session: Session, recipient: UUID) -> bool:
    """Whether links of this recipient's may have gone to their number."""
    handed_over = exists().where(
        Message.recipient_id == recipient, Message.channel == ChannelName.SMS, Message.handoffs > 0
    )
    return bool(session.execute(select(handed_over)).scalar_one())


def relieve(session: Session, now: datetime) -> int:
    """What a paused channel keeps back, or nobody takes, for half an hour goes another way; how many.

    News of visits that are soon go besides, to whom nothing else reaches by phone. Reminders of a paused
    channel go instead, by what else reaches and is not paused: without, they wait, and flood no call list.
    """
    return _go_besides(session, now) + _redirect_reminders(session, now)


def _go_besides(session: Session, now: datetime) -> int:
    found = session.execute(_unheard(now).limit(MOST_AT_ONCE)).all()
    in_vain = _in_vain(session, [message.id for message, _ in found], ENDED_BADLY)
    enter(session, _planned(found, _open_to(session, found), now, in_vain), now)
    return len(found)


def _unheard(now: datetime) -> Select[Message, datetime]:
    """News of visits that are soon and that go no way but those on which they are stuck.

    Of news that ended badly by another way somebody is called already.
    """
    other = aliased(Message)
    elsewhere = exists().where(
        says_the_same(other),
        other.id != Message.id,
        other.state != MessageState.SKIPPED,
        or_(Message.kind.in_(NEWS), other.state.not_in(ENDED_BADLY)),
        ~_is_stuck(other, now),
    )
    return (
        select(Message, Visit.starts_at)
        .join(Visit, Visit.id == Message.visit_id)
        .where(Visit.starts_at > now, Visit.starts_at <= now + SOON)
        .where(Message.kind.in_(NEWS | {MessageKind.JOIN}), _is_stuck(Message, now), ~elsewhere)
        .order_by(Message.id)
        .with_for_update(of=Visit, key_share=True, skip_locked=True)
    )


def _is_stuck(message: type[Message], now: datetime) -> ColumnElement[bool]:
    """Whether a message is due and its channel is paused for long, or it is long due and was taken in vain.

    What nobody took yet is in no trouble: after an outage of ours it only waits for its turn.
    """
    long_ago = now - STUCK_LONG
    paused = exists().where(ChannelPause.channel == message.channel, ChannelPause.since <= long_ago)
    in_vain = and_(message.due_at <= long_ago, message.attempt > 0)
    stuck = or_(and_(message.due_at <= now, paused), in_vain)
    return and_(message.state == MessageState.PENDING, stuck)


def _kept_back(now: datetime) -> Select[Message, datetime]:
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
        .join(ChannelPause, ChannelPause.channel == Message.channel)
        .join(Visit, Visit.id == Message.visit_id)
        .join(Recipient, Recipient.id == Message.recipient_id)
        .where(ChannelPause.since <= now - STUCK_LONG, Message.state == MessageState.PENDING)
        .where(Message.kind == MessageKind.REMINDER, Message.due_at <= now, Visit.starts_at > now)
        .where(HEARS_OF_IT, or_(*open_to))
        .with_for_update(of=Visit, key_share=True, skip_locked=True)
    )


def _redirect_reminders(session: Session, now: datetime) -> int:
    found = session.execute(_kept_back(now).limit(MOST_AT_ONCE)).all()
    skipped = _skip(session, [message.id for message, _ in found], now)
    going = [row for row in found if row.Message.id in skipped]
    enter(session, _planned(going, _open_to(session, going), now), now)
    return len(found)


def _open_to(session: Session, found: Found) -> Mapping[UUID, Reach]:
    """How their recipients are reached by channels on which nothing of theirs is stuck, and that are open."""
    if not found:
        return {}
    paused = {ChannelName(each) for each in session.scalars(select(ChannelPause.channel))}
    stuck = {(message.recipient_id, message.channel) for message, _ in found}
    return {
        who: replace(how, reached=frozenset(way for way in how.reached - paused if (who, way) not in stuck))
        for who, how in _reach(session, found).items()
    }
