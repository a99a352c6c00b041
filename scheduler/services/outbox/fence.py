"""The fence: the last look before the irreversible byte, with the visit or the task locked."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, bindparam, exists, select, tuple_, update
from sqlalchemy.orm import Session, aliased

from scheduler.db.engine import CLOCK
from scheduler.db.models import Message, Visit
from scheduler.domain.messages import WITH_ENTRY, MessageState, still_true
from scheduler.domain.visits import VisitStatus
from scheduler.services.outbox.alerts import lock_task, unneeded
from scheduler.services.outbox.claiming import Claimed, ClaimedAlert, ClaimedHook, Held
from scheduler.services.outbox.hooks import lock_endpoint, unwanted
from scheduler.services.outbox.obstacles import WHO, Obstacle, obstacle

LEASE = 120.0
"""Seconds after which a token that stands still is taken away; above the task time limit of 60 s."""
FRESH = 1 / 2
"""The part of a lease after which, by its own monotonic clock, a worker hands over nothing of it."""
HANDING_OVER = 1 / 3
"""The part of a lease that one mail may take: 40 s, below the 45 s after which a task is asked to stop."""
YIELD = timedelta(seconds=1)


# Put together once: these are the statements of every message.
_VISITS = Visit.table()
_WAIT_FOR_VISIT = (
    select(_VISITS.c.id).where(_VISITS.c.id == bindparam("visit")).with_for_update(key_share=True)
)
_LOCK_IF_FREE = WHO.add_columns(_VISITS.c.status, _VISITS.c.sequence, CLOCK).with_for_update(
    of=_VISITS, key_share=True, skip_locked=True
)
_MESSAGES = Message.table()
_HAND_OVER = (
    update(_MESSAGES)
    .where(_MESSAGES.c.id == bindparam("message"), _MESSAGES.c.token == bindparam("mine"))
    .where(_MESSAGES.c.state == MessageState.CLAIMED, _MESSAGES.c.expires_at > bindparam("now"))
    .values(
        state=MessageState.HANDOFF,
        handoffs=_MESSAGES.c.handoffs + 1,
        handed_at=bindparam("now"),
        template_version=bindparam("version"),
    )
    .returning(_MESSAGES.c.id)
)


class Passage(StrEnum):
    GO = "go"
    LOST = "lost"
    """Somebody else holds the message now."""
    VOID = "void"
    """It is no longer true, or too late."""
    YIELD = "yield"
    """Not yet: an earlier message to the same recipient has to leave first, or it is night there."""


def fence(session: Session, held: Held, offset: timedelta, template_version: str | None = None) -> Passage:
    """Mark the message as handed over, if it may be; commit before the byte leaves.

    What it is about is locked before it. By which templates it was made is noted with it. Now is `offset`
    ahead of the database's clock.
    """
    lock, guard = GUARDS[type(held)]
    about = lock(session, held)
    now = about.clock + offset
    ended = guard(session, held, about, now)
    if ended is None:
        ended = _turn(session, held, now)
    if ended is None and _handed_over(session, held, now, template_version):
        return Passage.GO
    return _kept_back(session, held, ended, now)


def _handed_over(session: Session, held: Held, now: datetime, template_version: str | None) -> bool:
    row = {"message": held.id, "mine": held.token, "now": now, "version": template_version}
    return session.connection().execute(_HAND_OVER, row).first() is not None


def _kept_back(session: Session, held: Held, ended: Obstacle | None, now: datetime) -> Passage:
    row = session.scalars(
        select(Message)
        .where(Message.id == held.id, Message.token == held.token, Message.state == MessageState.CLAIMED)
        .with_for_update(key_share=True)
    ).one_or_none()
    if row is None:
        return Passage.LOST
    if row.expires_at <= now or ended is None:
        # Of one that was handed over once nobody can say that it was not heard.
        return _void(session, held, MessageState.UNKNOWN if held.handoffs else MessageState.EXPIRED, now)
    if isinstance(ended, datetime):
        give_back(session, held, ended)
        return Passage.YIELD
    return _void(session, held, ended, now)


def withdraw(session: Session, held: Held, now: datetime) -> None:
    """Nobody is to hear of it any more; nothing was handed over."""
    _void(session, held, MessageState.SUPERSEDED, now)


def give_back(session: Session, held: Held, at: datetime) -> None:
    """Let others have it from then on; nothing was handed over."""
    _set(session, held, state=MessageState.PENDING, token=None, next_at=at, handoffs=held.handoffs)


def _lock_visit(session: Session, held: Claimed) -> Row[Any]:
    """The visit as it is while we hold it, and whom the message is for, by one statement.

    Unless somebody else holds the visit: whoever waits for a row sees all others as they were before.
    """
    asked = {"visit": held.visit, "recipient": held.recipient}
    # Past the session, which would look for objects in what are columns alone, for every message.
    row = session.connection().execute(_LOCK_IF_FREE, asked).first()
    if row is None:
        session.execute(_WAIT_FOR_VISIT, asked)
        row = session.execute(_LOCK_IF_FREE, asked).one()
    return row


def _untrue(session: Session, held: Claimed, row: Row[Any], now: datetime) -> Obstacle | None:
    """What becomes of a message that says of its visit what is not so; None where it is."""
    if not still_true(held.kind, held.sequence, VisitStatus(row.status), row.sequence):
        return MessageState.SUPERSEDED
    return obstacle(session, held, row, now)


Lock = Callable[[Session, Any], Row[Any]]
Guard = Callable[[Session, Any, Row[Any], datetime], Obstacle | None]
GUARDS: Mapping[type, tuple[Lock, Guard]] = {
    Claimed: (_lock_visit, _untrue),
    ClaimedAlert: (lock_task, unneeded),
    ClaimedHook: (lock_endpoint, unwanted),
}
"""What locks that which a message is about, and what becomes of one that is not to leave any more."""


def _void(session: Session, held: Held, state: MessageState, now: datetime) -> Passage:
    _set(session, held, state=state, token=None, finished_at=now)
    return Passage.VOID


def _set(session: Session, held: Held, **values: object) -> None:
    session.execute(
        update(Message).where(Message.id == held.id, Message.token == held.token).values(**values)
    )


def _turn(session: Session, held: Held, now: datetime) -> datetime | None:
    """When it may go, where a message with a calendar entry that was planned earlier is on its way there."""
    if isinstance(held, Claimed) and held.kind in WITH_ENTRY and _must_yield(session, held, now):
        return now + YIELD
    return None


def _must_yield(session: Session, held: Claimed, now: datetime) -> bool:
    """Whether an earlier one is claimed, handed over or due, and so may still arrive after this one."""
    earlier = aliased(Message)
    on_its_way = (earlier.state.in_([MessageState.CLAIMED, MessageState.HANDOFF])) | (
        (earlier.state == MessageState.PENDING) & (earlier.due_at <= now)
    )
    found = exists().where(
        earlier.visit_id == held.visit,
        earlier.recipient_id == held.recipient,
        earlier.channel == held.channel,
        earlier.kind.in_(WITH_ENTRY),
        tuple_(earlier.sequence, earlier.id) < tuple_(held.sequence, held.id),
        on_its_way,
    )
    return bool(session.execute(select(found)).scalar_one())
