"""Recording what became of an attempt."""

import math
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import bindparam, delete, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from scheduler.channels.outcome import Outcome, Verdict
from scheduler.db.engine import Database
from scheduler.db.models import ChannelPause, Message, MessageAttempt
from scheduler.domain.messages import NEWS, ChannelName, MessageState
from scheduler.domain.tasks import TaskKind
from scheduler.services.outbox.claiming import PROBE_EVERY, Claimed, Held
from scheduler.services.outbox.manners import MANNERS, spread
from scheduler.services.outbox.refusals import concerns_us
from scheduler.services.outbox.remedies import heed
from scheduler.services.tasks.calling import call_instead, calls_no_more
from scheduler.services.tasks.opening import close_general_tasks, open_general_task, open_task
from scheduler.services.telling.rerouting import move_on

UNREADABLE_TRIES = 3
"""After so many attempts a message that cannot be put into words is given up."""
_SENT = text("""
WITH tried AS (
  INSERT INTO message_attempts (message_id, attempt, at, worker, verdict, code, detail, reference)
  VALUES (:message_id, :attempt, :at, :worker, :verdict, :code, :detail, :reference)
), sent AS (
  UPDATE messages SET state = 'sent', provider_ref = :reference, last_error = NULL, finished_at = :at
  WHERE id = :message_id AND token = :mine RETURNING id
)
SELECT EXISTS (SELECT FROM sent) AS moved,
       EXISTS (SELECT FROM messages WHERE id = :message_id AND state = 'unknown') AS given_up,
       EXISTS (SELECT FROM channel_pauses WHERE channel = :channel) AS paused
""")
_KNOWN = (
    select(Message.state)
    .join(MessageAttempt, MessageAttempt.message_id == Message.id)
    .where(Message.id == bindparam("message"), MessageAttempt.attempt == bindparam("attempt"))
    .where(MessageAttempt.worker == bindparam("worker"))
)


def finish(db: Database, held: Held, outcome: Outcome, worker: str, now: datetime) -> MessageState | None:
    """Write the attempt down and move the message on; its new state, None where it is no longer ours."""
    if outcome.verdict is Verdict.SENT:
        return _sent(db, held, outcome, worker, now)
    return db.attempt(partial(_not_sent, held, outcome, worker, now))


def finish_once(
    db: Database, held: Held, outcome: Outcome, worker: str, now: datetime
) -> MessageState | None:
    """The same after somebody tried it and does not know whether it was committed."""
    with db.single() as connection:
        known = connection.execute(_KNOWN, {"message": held.id, "attempt": held.attempt, "worker": worker})
        state = known.scalars().first()
    return MessageState(state) if state else finish(db, held, outcome, worker, now)


def _not_sent(
    held: Held, outcome: Outcome, worker: str, now: datetime, session: Session
) -> MessageState | None:
    session.execute(insert(MessageAttempt).values(_attempt(held, outcome, worker, now)))
    if outcome.verdict is Verdict.FENCED:
        return None
    if outcome.verdict is Verdict.REFUSED and concerns_us(session, held, now):
        outcome = replace(outcome, verdict=Verdict.US)
    heed(session, held, outcome.remedy, now)
    values = _next(session, held, outcome, now)
    moved = session.execute(
        update(Message)
        .where(Message.id == held.id, Message.token == held.token)
        .values(**values, last_error=_error(outcome))
        .returning(Message.state)
    ).scalar_one_or_none()
    _mark_channel(session, held, outcome, now)
    if afterwards := MANNERS[held.channel].afterwards:
        afterwards(session, held, outcome, now)
    if moved == MessageState.FAILED and outcome.verdict in (Verdict.BROKEN, Verdict.UNREADABLE):
        _tell_staff(session, held, now)
    elif moved == MessageState.FAILED and held.kind not in NEWS:
        move_on(session, [held.id], now)
    if moved in (MessageState.FAILED, MessageState.UNKNOWN):
        call_instead(session, [held.id], now)
    return MessageState(moved) if moved else None


def _sent(db: Database, held: Held, outcome: Outcome, worker: str, now: datetime) -> MessageState | None:
    """What nearly always becomes of a message, in one round trip."""
    mine = {"mine": held.token, "channel": held.channel}
    with db.single() as connection:
        row = connection.execute(_SENT, {**_attempt(held, outcome, worker, now), **mine}).one()
    if row.paused:
        with db.transaction() as session:
            _resume(session, held.channel, now)
    if row.moved and row.given_up:  # by whoever took us for dead; the statement sees it as it was before
        with db.transaction() as session:
            calls_no_more(session, held.id, now)
    return MessageState.SENT if row.moved else None


def _attempt(held: Held, outcome: Outcome, worker: str, now: datetime) -> dict[str, object]:
    return {
        "message_id": held.id,
        "attempt": held.attempt,
        "at": now,
        "worker": worker,
        "verdict": outcome.verdict,
        "code": outcome.code,
        "detail": outcome.detail,
        "reference": outcome.reference,
    }


def _next(session: Session, held: Held, outcome: Outcome, now: datetime) -> dict[str, object]:
    """The columns that change with a verdict."""
    manner = MANNERS[held.channel]
    # A refusal, even one after the final dot, is no copy that the recipient could have.
    failed = {"state": MessageState.FAILED, "finished_at": now, "handoffs": held.handoffs}
    if outcome.verdict in (Verdict.ADDRESS, Verdict.REFUSED, Verdict.BROKEN):
        return failed
    if outcome.verdict is Verdict.UNREADABLE and _unreadable_times(session, held) >= UNREADABLE_TRIES:
        return failed
    if outcome.verdict is Verdict.UNKNOWN and held.handoffs + 1 >= (manner.most_handoffs or math.inf):
        return {"state": MessageState.UNKNOWN, "finished_at": now}
    delay = PROBE_EVERY if outcome.verdict is Verdict.US else _delay(session, held)
    if delay is None:
        return failed
    delay = max(delay, timedelta(seconds=outcome.wait))
    again: dict[str, object] = {"state": MessageState.PENDING, "token": None, "next_at": now + delay}
    return again if outcome.verdict is Verdict.UNKNOWN else {**again, "handoffs": held.handoffs}


def _delay(session: Session, held: Held) -> timedelta | None:
    """Until the next try; None where this was the last one."""
    manner, tries = MANNERS[held.channel], _tries(session, held)
    if not manner.waits:
        return manner.retry(tries)
    return spread(manner.waits[tries - 1]) if tries <= len(manner.waits) else None


def _tries(session: Session, held: Held) -> int:
    """Since it was last due anew, this one included; a claim that was given back is none."""
    times = (
        select(func.count())
        .select_from(MessageAttempt)
        .join(Message, Message.id == MessageAttempt.message_id)
        .where(Message.id == held.id, MessageAttempt.at >= Message.due_at)
        .where(MessageAttempt.verdict != Verdict.FENCED)
    )
    return session.execute(times).scalar_one()


def _unreadable_times(session: Session, held: Held) -> int:
    """This one included. Attempts that failed otherwise do not count: a mail server may be away for long."""
    times = select(func.count()).where(
        MessageAttempt.message_id == held.id, MessageAttempt.verdict == Verdict.UNREADABLE
    )
    return session.execute(times).scalar_one()


def _error(outcome: Outcome) -> str:
    return f"{outcome.code} {outcome.detail}".strip()


def _tell_staff(session: Session, held: Held, now: datetime) -> None:
    """A message that we cannot write is our fault, and nobody else would notice."""
    if isinstance(held, Claimed):
        open_task(session, TaskKind.UNSENDABLE, held.visit, str(held.id), now, now)


def _mark_channel(session: Session, held: Held, outcome: Outcome, now: datetime) -> None:
    """A provider that refuses us pauses the channel; one that takes a message again ends the pause."""
    if outcome.verdict is Verdict.US:
        pause = {"channel": held.channel, "since": now, "reason": _error(outcome)}
        session.execute(
            upsert(ChannelPause).values(**pause, next_probe_at=now + PROBE_EVERY).on_conflict_do_nothing()
        )
        open_general_task(session, TaskKind.CHANNEL_PAUSED, held.channel, now)
    elif outcome.verdict is Verdict.ADDRESS and outcome.answered:
        _resume(session, held.channel, now)


def _resume(session: Session, channel: ChannelName, now: datetime) -> None:
    ended = delete(ChannelPause).where(ChannelPause.channel == channel)
    if session.execute(ended.returning(ChannelPause.channel)).first():
        close_general_tasks(session, TaskKind.CHANNEL_PAUSED, channel, now)
