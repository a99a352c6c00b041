"""Taking due messages, so that no other worker has them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, literal, select, update
from sqlalchemy.orm import Session, aliased

from scheduler.db.models import ChannelPause, Message
from scheduler.domain.messages import ChannelName, MessageKind, MessageState

BATCH = 10
"""How many messages a hint claims at most, its own included."""
PROBE_EVERY = timedelta(minutes=1)
"""How often a paused channel is tried with one message."""


_ROWS = Message.table().c
_DUE = (
    # While a newer version is rolled out, what this one does not know is left to those who do.
    _ROWS.kind.in_(bindparam("kinds", [*MessageKind], expanding=True, literal_execute=True)),
    _ROWS.channel.in_(bindparam("channels", [*ChannelName], expanding=True, literal_execute=True)),
    # A literal, as in the index: a plan that is kept for any state could not use it.
    _ROWS.state == literal(MessageState.PENDING, literal_execute=True),
    _ROWS.next_at <= bindparam("now"),
    _ROWS.expires_at > bindparam("now"),
)
_HINTED = (
    select(_ROWS.queue, _ROWS.channel)
    .where(*_DUE, _ROWS.id == bindparam("hint"))
    .with_for_update(skip_locked=True)
)
_MORE = (
    select(_ROWS.id)
    .where(*_DUE, _ROWS.id != bindparam("hint"))
    .where(_ROWS.queue == bindparam("queue"), _ROWS.channel == bindparam("channel"))
    .order_by(_ROWS.next_at)
    .limit(BATCH - 1)
    .with_for_update(skip_locked=True)
)
_EARLIER = aliased(Message)
_FIRST_TOLD = (
    select(_EARLIER.message_id)
    .where(_EARLIER.recipient_id == Message.recipient_id, _EARLIER.channel == Message.channel)
    .where(_EARLIER.id < Message.id)
    .order_by(_EARLIER.id)
    .limit(1)
    .scalar_subquery()
)
_TAKE = (
    update(Message)
    .where(Message.id.in_(bindparam("ids", expanding=True)))
    .values(
        state=MessageState.CLAIMED,
        token=func.gen_random_uuid(),
        claimed_by=bindparam("worker"),
        attempt=Message.attempt + 1,
        made_at=func.coalesce(Message.made_at, bindparam("now")),
        clinic_version=func.coalesce(Message.clinic_version, bindparam("clinic")),
    )
    .returning(Message, _FIRST_TOLD)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """A message that this worker holds as long as its token stands in the row."""

    id: int
    token: UUID
    sequence: int
    kind: MessageKind
    channel: ChannelName
    attempt: int
    handoffs: int
    message_id: str
    made_at: datetime
    expires_at: datetime
    clinic_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed(_Taken):
    """One that tells somebody of a visit."""

    visit: UUID
    recipient: UUID
    first_told: str | None
    """The `message_id` of the first message of this visit to this recipient by this channel, unless it is
    this one. Handed over or not: which of them left may still change, and a retry has to name the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedAlert(_Taken):
    """One that tells people of the clinic of a task."""

    task: int
    step: int
    to: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedHook(_Taken):
    """One that tells a program of an act on a visit."""

    webhook: UUID
    event: int


Held = Claimed | ClaimedAlert | ClaimedHook


def claim(session: Session, hint: int, worker: str, clinic_version: int, now: datetime) -> list[Held]:
    """The hinted message, if it is due and free, and a few more of its queue. Locks no visit.

    A hint of a message that is done already claims nothing: hints may come twice. Of a paused channel one
    message a minute is claimed, as a probe.
    """
    first = session.execute(_HINTED, {"hint": hint, "now": now}).first()
    if first is None:
        return []
    paused = session.get(ChannelPause, first.channel)
    if paused:
        return (
            _take(session, [hint], worker, clinic_version, now)
            if _may_probe(session, first.channel, now)
            else []
        )
    more = session.scalars(_MORE, {"hint": hint, "now": now, "queue": first.queue, "channel": first.channel})
    return _take(session, [hint, *more], worker, clinic_version, now)


def _may_probe(session: Session, channel: str, now: datetime) -> bool:
    probe = (
        update(ChannelPause)
        .where(ChannelPause.channel == channel, ChannelPause.next_probe_at <= now)
        .values(next_probe_at=now + PROBE_EVERY)
        .returning(ChannelPause.channel)
    )
    return session.execute(probe).first() is not None


def _take(
    session: Session, ids: Sequence[int], worker: str, clinic_version: int, now: datetime
) -> list[Held]:
    taken = {"ids": ids, "worker": worker, "now": now, "clinic": clinic_version}
    rows = session.execute(_TAKE, taken, execution_options={"synchronize_session": False})
    held = [_held(row, first_told) for row, first_told in rows]
    return sorted(held, key=lambda each: (each.sequence, each.id))


def _held(row: Message, first_told: str | None) -> Held:
    assert row.token and row.made_at and row.clinic_version
    common: dict[str, Any] = {
        "id": row.id,
        "token": row.token,
        "sequence": row.sequence,
        "kind": MessageKind(row.kind),
        "channel": ChannelName(row.channel),
        "attempt": row.attempt,
        "handoffs": row.handoffs,
        "message_id": row.message_id,
        "made_at": row.made_at,
        "expires_at": row.expires_at,
        "clinic_version": row.clinic_version,
    }
    if row.task_id is not None:
        assert row.alert_step is not None and row.alert_to is not None
        return ClaimedAlert(**common, task=row.task_id, step=row.alert_step, to=row.alert_to)
    if row.webhook_id is not None:
        assert row.event_id is not None
        return ClaimedHook(**common, webhook=row.webhook_id, event=row.event_id)
    assert row.visit_id and row.recipient_id
    return Claimed(**common, visit=row.visit_id, recipient=row.recipient_id, first_told=first_told)
