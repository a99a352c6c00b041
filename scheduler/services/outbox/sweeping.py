"""What a sweeper looks for: messages that are late, held too long, or due."""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import case, or_, select, text, true, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from scheduler.db.models import Heartbeat, Message
from scheduler.domain.messages import ChannelName, Hint, MessageKind, MessageState, Queue
from scheduler.services.outbox.claiming import BATCH
from scheduler.services.outbox.fence import LEASE
from scheduler.services.outbox.manners import MANNERS
from scheduler.services.tasks.calling import call_instead

SWEEP = "sweep"
"""By which name the sweeper's sign of life is written down."""
NUDGE_AGAIN = timedelta(seconds=15)
DOORBELL_GRACE = timedelta(seconds=2)
"""A message that was just planned was hinted by the one who planned it."""
UNHEARD = timedelta(minutes=1)
"""After four hints whoever should hear them is deaf, gone, or has more to do than it can."""
MOST_UNHEARD = 50
MOST_NUDGES = 500
"""For each queue and channel: thousands of reminders must keep neither a confirmation nor texts waiting."""
ORDER = [*Queue]
KNOWN = {"queues": ORDER, "kinds": [*MessageKind], "channels": [*ChannelName]}
"""Of what a newer version plans, the old one hints nothing: its workers could not take it."""
MOST_EXPIRED = 1_000
"""After a long outage it may be a hundred thousand, and a statement has five seconds."""
_NUDGE = text("""
UPDATE messages SET nudged_at = :now
FROM unnest(CAST(:queues AS text[])) AS queues (name)
CROSS JOIN unnest(CAST(:channels AS text[])) AS channels (name)
LEFT JOIN channel_pauses AS pause ON pause.channel = channels.name
CROSS JOIN LATERAL (
  SELECT id FROM messages
  WHERE queue = queues.name AND channel = channels.name AND kind = ANY(CAST(:kinds AS text[]))
  AND state = 'pending' AND next_at <= :now AND expires_at > :now
  AND (nudged_at <= :again OR (nudged_at IS NULL AND created_at <= :new))
  ORDER BY next_at LIMIT CASE WHEN pause.since IS NULL THEN :most ELSE 1 END FOR UPDATE SKIP LOCKED
) AS due
WHERE messages.id = due.id AND (pause.since IS NULL OR pause.next_probe_at <= :now)
RETURNING messages.id, messages.queue, messages.channel, messages.next_at
""")
ENDED = case((Message.handoffs > 0, MessageState.UNKNOWN), else_=MessageState.EXPIRED)
"""Of one that was handed over once nobody can say that it was not heard."""
MAY_GO_ON = or_(
    *(
        (Message.channel == name)
        & (true() if manner.most_handoffs is None else Message.handoffs < manner.most_handoffs)
        for name, manner in MANNERS.items()
    )
)
"""Whether a hand-over of which nobody knows the end is followed up once more."""
_WRITE_DOWN = text("""
INSERT INTO message_attempts (message_id, attempt, at, worker, verdict, code, detail, reference)
SELECT id, attempt, :at, claimed_by, CASE state WHEN 'handoff' THEN 'unknown' ELSE 'later' END,
       '', 'its worker was gone', ''
FROM messages WHERE id = :message AND token = :mine AND state IN ('claimed', 'handoff')
""")
"""The attempt of a holder who cannot do it any more."""


def expire(session: Session, now: datetime) -> int:
    """End what is too late to be said, as much as a sweep can; how many."""
    late = (
        select(Message.id)
        .where(Message.state == MessageState.PENDING, Message.expires_at <= now)
        .order_by(Message.expires_at)
        .limit(MOST_EXPIRED)
        .with_for_update(skip_locked=True)
    )
    ended = session.scalars(late).all()
    if ended:
        over = update(Message).where(Message.id.in_(ended))
        session.execute(over.values(state=ENDED, finished_at=now))
        call_instead(session, ended, now)
    return len(ended)


def nudge(session: Session, now: datetime) -> list[Hint]:
    """Messages that are due and were not hinted lately, urgent ones first; they are marked as hinted.

    A hint is good for BATCH messages of a queue and a channel: of a backlog that many share one. Of a paused
    channel one message is hinted when a probe may go, as no other would be claimed.
    """
    bounds = {"now": now, "again": now - NUDGE_AGAIN, "new": now - DOORBELL_GRACE, "most": MOST_NUDGES}
    found = session.execute(_NUDGE, {**KNOWN, **bounds})
    due: dict[tuple[Queue, str], list[int]] = {}
    for row in sorted(found, key=lambda each: (each.next_at, each.id)):
        due.setdefault((Queue(row.queue), row.channel), []).append(row.id)
    lines = sorted(due.items(), key=lambda each: ORDER.index(each[0][0]))
    return [Hint(id, queue) for (queue, _), ids in lines for id in _thinned(ids)]


def _thinned(ids: Sequence[int]) -> Sequence[int]:
    """The first ones each, so that several workers may begin at once."""
    return [*ids[:BATCH], *ids[BATCH::BATCH]]


def unheard(session: Session, now: datetime) -> list[Hint]:
    """Of what was hinted just now that which has been due for long: the urgent first, then the oldest."""
    waiting = (
        select(Message.id, Message.queue)
        .where(Message.state == MessageState.PENDING, Message.nudged_at == now)
        .where(
            Message.queue.in_([*Queue]), Message.channel.in_([*ChannelName])
        )  # which the index begins with
        .where(Message.next_at <= now - UNHEARD)
        .order_by(Message.queue != Queue.URGENT, Message.next_at)
        .limit(MOST_UNHEARD)
    )
    return [Hint(id, Queue(queue)) for id, queue in session.execute(waiting)]


def beat(session: Session, now: datetime) -> None:
    """Say that a sweeper is alive."""
    row = upsert(Heartbeat).values(part=SWEEP, at=now)
    session.execute(row.on_conflict_do_update(index_elements=["part"], set_={"at": now}))


class Reaper:
    """Frees messages whose holder is gone: their token stood still for a whole lease.

    The lease is measured on this process's own monotonic clock, from when it first saw the token; nobody's
    wall clock has a say.
    """

    def __init__(self, lease: float = LEASE) -> None:
        self._lease = lease
        self._seen: dict[tuple[int, UUID], float] = {}

    def reap(self, session: Session, now: datetime) -> int:
        """Free what stood still; how many."""
        held = select(Message.id, Message.token).where(
            Message.state.in_([MessageState.CLAIMED, MessageState.HANDOFF]), Message.channel.in_(MANNERS)
        )
        tick = time.monotonic()
        present = {
            (id, token): self._seen.get((id, token), tick) for id, token in session.execute(held) if token
        }
        self._seen = present
        stale = [key for key, since in present.items() if tick - since >= self._lease]
        for key in stale:
            free(session, *key, now)
        return len(stale)


def free(session: Session, message: int, token: UUID, now: datetime) -> None:
    """Claimed goes back; handed over goes back as often as its channel allows, then counts as unknown."""
    mine = Message.id == message, Message.token == token
    session.execute(_WRITE_DOWN, {"message": message, "mine": token, "at": now})
    handoff = Message.state == MessageState.HANDOFF  # a holder who finished just now keeps what they wrote
    again = (Message.state == MessageState.CLAIMED) | (handoff & MAY_GO_ON)
    freed = update(Message).where(*mine, again).values(state=MessageState.PENDING, token=None, next_at=now)
    if not session.execute(freed).rowcount:  # type: ignore[attr-defined]
        given_up = update(Message).where(*mine, handoff)
        lost = given_up.values(state=MessageState.UNKNOWN, finished_at=now).returning(Message.id)
        call_instead(session, session.scalars(lost).all(), now)
