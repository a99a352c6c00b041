"""What a message is, which states it goes through, and when it is due.

pending ─claim→ claimed ─fence→ handoff ─finish→ sent → delivered, bounced
   ├→ superseded, expired, skipped   ├→ pending (retry) · failed · unknown
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from scheduler.domain.clinic import Mode, ReminderPlan
from scheduler.domain.visits import EXPECTED, VisitStatus


class MessageKind(StrEnum):
    RECEIVED = "received"
    """A visit that staff still have to approve was asked for."""
    CONFIRMED = "confirmed"
    CHANGED = "changed"
    CANCELLED = "cancelled"
    DECLINED = "declined"
    EXPIRED = "expired"
    """Nobody approved it in time."""
    REMINDER = "reminder"
    JOIN = "join"
    """How to enter a telemedicine visit, shortly before it."""
    LINKS = "links"
    """The way to the visit once more, for somebody who lost it."""
    WITHDRAWN = "withdrawn"
    """To an address that is the person's no longer: the visit is no business of this address."""
    REPLY = "reply"
    """To somebody whose calendar declined: the visit stands until they cancel it."""
    ALERT = "alert"
    """To people of the clinic, about a task; of no visit."""
    WEBHOOK = "webhook"
    """To a program elsewhere, about an act on a visit."""


class ChannelName(StrEnum):
    EMAIL = "email"
    WEBHOOK = "webhook"
    SMS = "sms"
    CALL = "call"
    """By nobody but staff: where nothing else reaches, a message becomes a task to phone somebody."""


class Queue(StrEnum):
    URGENT = "urgent"
    """What somebody waits for; it has worker processes of its own."""
    BULK = "bulk"
    """Reminders, thousands at the same minute."""
    HOOKS = "hooks"
    """Programs elsewhere that want to know; they may be slow."""
    CALENDAR = "calendar"
    """Errands to servers elsewhere: calendars, mailboxes, video."""


class Hint(NamedTuple):
    """All that travels through a queue: which message is due, and which queue it belongs to."""

    message: int
    queue: Queue


class ErrandHint(NamedTuple):
    """The other thing that travels: which errand is due, by its name and its row."""

    work: str
    row: str


class MessageState(StrEnum):
    PENDING = "pending"
    CLAIMED = "claimed"
    HANDOFF = "handoff"
    """Past the fence: the final byte may have left."""
    SENT = "sent"
    DELIVERED = "delivered"
    """Its provider says that it arrived."""
    SUPERSEDED = "superseded"
    """The visit, or the task, is no longer what the message says: it was moved or cancelled, or taken."""
    SKIPPED = "skipped"
    """It may not go that way: whoever has the address wants nothing from us, or had enough of us today."""
    EXPIRED = "expired"
    FAILED = "failed"
    BOUNCED = "bounced"
    """Handed over, and it did not arrive."""
    UNKNOWN = "unknown"
    """Handed over or not, nobody can say; not tried again."""


OPEN = frozenset({MessageState.PENDING, MessageState.CLAIMED, MessageState.HANDOFF})

QUEUES = {
    MessageKind.RECEIVED: Queue.URGENT,
    MessageKind.CONFIRMED: Queue.URGENT,
    MessageKind.CHANGED: Queue.URGENT,
    MessageKind.CANCELLED: Queue.URGENT,
    MessageKind.DECLINED: Queue.URGENT,
    MessageKind.EXPIRED: Queue.URGENT,
    MessageKind.REMINDER: Queue.BULK,
    MessageKind.JOIN: Queue.URGENT,
    MessageKind.LINKS: Queue.URGENT,
    MessageKind.WITHDRAWN: Queue.URGENT,
    MessageKind.REPLY: Queue.URGENT,
    MessageKind.WEBHOOK: Queue.HOOKS,
    MessageKind.ALERT: Queue.URGENT,
}

WORDLESS = frozenset({MessageKind.WEBHOOK})
"""Kinds for programs: no person reads them, and no template makes them."""

ENDING = frozenset({MessageKind.CANCELLED, MessageKind.DECLINED, MessageKind.EXPIRED})
"""Kinds that tell of a visit that does not take place."""

NEWS = frozenset({MessageKind.RECEIVED, MessageKind.CONFIRMED, MessageKind.CHANGED}) | ENDING
"""Kinds that tell what became of a visit: somebody has to hear it, if need be by phone."""

REMOVING = ENDING | {MessageKind.WITHDRAWN}
"""Kinds whose calendar object takes the entry away."""

WITH_ENTRY = frozenset({MessageKind.RECEIVED, MessageKind.CONFIRMED, MessageKind.CHANGED}) | REMOVING
"""Kinds that carry a calendar object: they leave in order, per visit and recipient."""

ENDING_COUNTS = timedelta(days=1)

ASKS_WHERE = 24 * 60
"""A reminder of a visit by video asks where the patient will be, from so many minutes before it on."""

SPEAKS_OF = {
    MessageKind.RECEIVED: frozenset({VisitStatus.PENDING}),
    MessageKind.CONFIRMED: frozenset({VisitStatus.BOOKED}),
    MessageKind.CHANGED: frozenset({VisitStatus.BOOKED}),
    MessageKind.CANCELLED: frozenset({VisitStatus.CANCELLED, VisitStatus.ENTERED_IN_ERROR}),
    MessageKind.DECLINED: frozenset({VisitStatus.CANCELLED}),
    MessageKind.EXPIRED: frozenset({VisitStatus.CANCELLED}),
    MessageKind.REMINDER: frozenset({VisitStatus.BOOKED}),
    MessageKind.JOIN: frozenset({VisitStatus.BOOKED}),
    MessageKind.LINKS: EXPECTED,
    MessageKind.REPLY: frozenset({VisitStatus.PENDING, VisitStatus.BOOKED}),
    MessageKind.WITHDRAWN: frozenset(VisitStatus),
    MessageKind.WEBHOOK: frozenset(VisitStatus),
    MessageKind.ALERT: frozenset(),
}
"""The statuses of a visit in which a message of that kind is still true."""


def still_true(kind: MessageKind, sequence: int, visit_status: VisitStatus, visit_sequence: int) -> bool:
    """Whether a message may be handed over now: asked at the fence, with the visit locked.

    That an address is out of it stays true, whatever becomes of the visit.
    """
    current = sequence == visit_sequence or kind is MessageKind.WITHDRAWN
    return visit_status in SPEAKS_OF[kind] and current


@dataclass(frozen=True, slots=True)
class PlannedMessage:
    """A message that is to become a row; `offset` is in minutes before the visit, 0 for at once."""

    kind: MessageKind
    offset: int
    due_at: datetime
    expires_at: datetime


def plan_booking(
    status: VisitStatus, mode: Mode, start: datetime, now: datetime, plan: ReminderPlan
) -> list[PlannedMessage]:
    """The messages of a fresh booking: the one that tells it, and the reminders of a booked visit."""
    told = MessageKind.RECEIVED if status is VisitStatus.PENDING else MessageKind.CONFIRMED
    return plan_news(told, status, mode, start, now, plan)


def plan_news(
    told: MessageKind, status: VisitStatus, mode: Mode, start: datetime, now: datetime, plan: ReminderPlan
) -> list[PlannedMessage]:
    """The message that tells what happened, and the reminders of a visit that is booked after it.

    That a visit ended is worth telling for a day, even if it would have begun already.
    """
    expires = max(start, now + ENDING_COUNTS) if told in ENDING else start
    news = PlannedMessage(told, 0, now, expires)
    return [news, *(plan_reminders(mode, start, now, plan) if status is VisitStatus.BOOKED else [])]


def plan_withdrawal(start: datetime, now: datetime) -> PlannedMessage:
    """What goes to an address that is out of it."""
    return PlannedMessage(MessageKind.WITHDRAWN, 0, now, max(start, now + ENDING_COUNTS))


def plan_reminders(mode: Mode, start: datetime, now: datetime, plan: ReminderPlan) -> list[PlannedMessage]:
    """Each reminder of the plan that still lies ahead; it expires when the next one is due, or at the start.

    An offset that is already past is left out: nobody wants all reminders at once after a late booking.
    """
    offsets = [(minutes, MessageKind.REMINDER) for minutes in plan.reminders]
    if plan.join is not None and mode is Mode.TELEMEDICINE:
        offsets.append((plan.join, MessageKind.JOIN))
    due = {minutes: start - timedelta(minutes=minutes) for minutes, _ in offsets}
    return [
        PlannedMessage(kind, minutes, at, min((later for later in due.values() if later > at), default=start))
        for minutes, kind in sorted(offsets, reverse=True)
        if (at := due[minutes]) > now
    ]
