"""Messages that cannot go the way that was planned for them go the next one, last of all a call by staff."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Row,
    and_,
    exists,
    select,
    update,
)
from sqlalchemy.orm import Session, aliased

from scheduler.db.models import Message, Visit
from scheduler.domain.messages import (
    NEWS,
    ChannelName,
    Hint,
    MessageKind,
    MessageState,
    PlannedMessage,
)
from scheduler.domain.routing import Reach, dispatch
from scheduler.services.tasks.calling import says_the_same
from scheduler.services.telling.planning import About, enter, message_row
from scheduler.services.telling.reaching import reach_of

REROUTED = NEWS | {MessageKind.REMINDER, MessageKind.JOIN}
"""Kinds that somebody has to hear by whatever way."""
ENDED_BADLY = (MessageState.FAILED, MessageState.BOUNCED, MessageState.UNKNOWN)
"""States of a message that does not go once more by that channel, whatever changes."""
GIVEN_UP = (MessageState.SKIPPED, *ENDED_BADLY)
"""States in which nothing more is to be hoped of a channel."""

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
    in_vain = tried_in_vain(session, messages)
    return enter(session, other_ways(found, reach_by_recipient(session, found), now, in_vain), now)


def tried_in_vain(
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


def reach_by_recipient(session: Session, found: Found) -> Mapping[UUID, Reach]:
    return reach_of(session, {message.recipient_id for message, _ in found if message.recipient_id})


def other_ways(
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
    in_vain = tried_in_vain(session, [message.id for message, _ in found], ENDED_BADLY)
    wanted: dict[tuple[object, ...], dict[str, Any]] = {}
    for message, start in found:
        due = start - timedelta(minutes=message.offset_minutes)
        how = replace(reach, reached=reach.reached - in_vain.get(message.id, set()))
        wanted |= {_key(row): row for row in _sent(message, how, start, max(due, now), now)}
    enter(session, list(wanted.values()), now)
    skip(session, [message.id for message, _ in found if _key(vars(message)) not in wanted], now)


def skip(session: Session, messages: Collection[int], now: datetime) -> Collection[int]:
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
