"""By which channel a message goes, and when a text may be sent.

News go by mail, and by text with consent; changes and ends of a visit by all that reaches. A reminder goes
one way: long before the visit by mail, the day before by text, and by the other where that does not reach.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from scheduler.domain.messages import ENDING, ChannelName, MessageKind, PlannedMessage

DAY_BEFORE = 24 * 60
"""Minutes: a reminder with this offset or a smaller one rather goes by text."""
BY_ALL_THAT_REACHES = ENDING | {MessageKind.CHANGED}
MAY_WAIT = BY_ALL_THAT_REACHES | {MessageKind.JOIN}
"""Texts that are held back at night where nobody misses anything by it; those of a booking answer at once."""

MORNING, NIGHT = time(8), time(21)
"""Between them, by the recipient's clock, texts may come."""
EVENING = time(20)
"""When a text goes that would be due at night: an hour is left to try again."""
NOON = time(12)

MOST_A_DAY, MOST_A_WEEK = 1, 3
"""Reminder texts to one number, over all visits."""
WEEK = 7


@dataclass(frozen=True, slots=True)
class Reach:
    """How somebody hears of a visit."""

    reached: frozenset[ChannelName]
    """Mail, text, both or neither."""
    zone: ZoneInfo
    """By whose clock they live."""
    wished: frozenset[ChannelName] = frozenset()
    """What they chose; empty where they did not."""


class Dispatch(NamedTuple):
    """A message on its way by one channel."""

    channel: ChannelName
    message: PlannedMessage


def route(kind: MessageKind, offset: int, reach: Reach) -> tuple[ChannelName, ...]:
    """The channels of a message; somebody whom nothing reaches is called."""
    reached, wished = reach.reached, reach.wished & reach.reached
    if not reached:
        return (ChannelName.CALL,)
    if kind in BY_ALL_THAT_REACHES:
        return _in_order(reached)
    if wished:
        return _in_order(wished)
    if kind is MessageKind.REMINDER:
        return (_preferred(offset, reached),)
    return _in_order(reached)


def _in_order(channels: Collection[ChannelName]) -> tuple[ChannelName, ...]:
    return tuple(each for each in ChannelName if each in channels)


def _preferred(offset: int, reached: Collection[ChannelName]) -> ChannelName:
    first, second = ChannelName.EMAIL, ChannelName.SMS
    if offset <= DAY_BEFORE:
        first, second = second, first
    return first if first in reached else second


def dispatch(
    planned: PlannedMessage, reach: Reach, starts: Collection[datetime], now: datetime
) -> list[Dispatch]:
    """How and when a message goes out; `starts`: when the visit begins, and was to begin before."""
    channels = route(planned.kind, planned.offset, reach)
    timed = (_timed(planned, channel, reach, starts, now) for channel in channels)
    return list({each.channel: each for each in timed}.values())


def _timed(
    planned: PlannedMessage, channel: ChannelName, reach: Reach, starts: Collection[datetime], now: datetime
) -> Dispatch:
    if channel is not ChannelName.SMS or not is_night(planned.due_at, reach.zone):
        return Dispatch(channel, planned)
    if planned.kind is MessageKind.REMINDER:
        return _off_the_night(planned, reach, now)
    due = morning_after(planned.due_at, reach.zone)
    waits = planned.kind in MAY_WAIT and all(_can_wait(start, due, reach.zone) for start in starts)
    return Dispatch(channel, replace(planned, due_at=due) if waits else planned)


def text_now(
    kind: MessageKind, expires: datetime, reach: Reach, starts: Collection[datetime], now: datetime
) -> Dispatch:
    """How and when a text that is about to leave does go out: an outage may have kept it until night."""
    return _timed(PlannedMessage(kind, 0, now, expires), ChannelName.SMS, reach, starts, now)


def _can_wait(start: datetime, morning: datetime, zone: ZoneInfo) -> bool:
    return start >= datetime.combine(morning.astimezone(zone).date(), NOON, zone)


def _off_the_night(planned: PlannedMessage, reach: Reach, now: datetime) -> Dispatch:
    """Rather earlier than later; where earlier is past, by mail at once.

    Somebody without mail gets it in the morning, if that still helps, and is called if not.
    """
    evening = evening_before(planned.due_at, reach.zone)
    if evening > now:
        return Dispatch(ChannelName.SMS, replace(planned, due_at=evening))
    if ChannelName.EMAIL in reach.reached:
        return Dispatch(ChannelName.EMAIL, replace(planned, due_at=now))
    morning = morning_after(planned.due_at, reach.zone)
    if morning < planned.expires_at:
        return Dispatch(ChannelName.SMS, replace(planned, due_at=morning))
    return Dispatch(ChannelName.CALL, planned)


def is_night(at: datetime, zone: ZoneInfo) -> bool:
    return not MORNING <= at.astimezone(zone).time() < NIGHT


def evening_before(at: datetime, zone: ZoneInfo) -> datetime:
    """Of a moment at night: the evening before it."""
    local = at.astimezone(zone)
    return _wall(local.date() - timedelta(days=local.time() < MORNING), EVENING, zone)


def morning_after(at: datetime, zone: ZoneInfo) -> datetime:
    """Of a moment at night: the morning after it."""
    local = at.astimezone(zone)
    return _wall(local.date() + timedelta(days=local.time() >= MORNING), MORNING, zone)


def _wall(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, zone)


def within_caps(sent: Collection[datetime], now: datetime, zone: ZoneInfo) -> bool:
    """Whether one more reminder text may go to a number that got some at these moments.

    Days are the recipient's, seven of them with today.
    """
    today = now.astimezone(zone).date()
    days = list(_days_ago(sent, today, zone))
    return days.count(0) < MOST_A_DAY and sum(ago < WEEK for ago in days) < MOST_A_WEEK


def _days_ago(moments: Collection[datetime], today: date, zone: ZoneInfo) -> Iterator[int]:
    return ((today - at.astimezone(zone).date()).days for at in moments)
