"""What repeats: a name, how often, and the use case. Rows decide whose turn it is, not a leader."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from scheduler.db.models import TimetableEntry
from scheduler.domain.errors import Unavailable
from scheduler.services.accounts import lockout, sessions
from scheduler.services.audit import sealing
from scheduler.services.booking import callbacks, drafts
from scheduler.services.ground import idempotency
from scheduler.services.ground.desk import Desk
from scheduler.services.inbound import mailbox, texts
from scheduler.services.outside import watching
from scheduler.services.rooms.wanting import look_after_rooms
from scheduler.services.rounds import absent, expiring, places, waiting
from scheduler.services.slots import holding
from scheduler.services.telling import alerting, relieving

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """`work` makes its own transactions, may be called again at any time, and says how much it did."""

    name: str
    every: timedelta
    work: Callable[[Desk, datetime], int]


def in_one(work: Callable[[Session, datetime], int]) -> Callable[[Desk, datetime], int]:
    """Work that is one transaction."""

    def whole(desk: Desk, now: datetime) -> int:
        with desk.db.transaction() as session:
            return work(session, now)

    return whole


JOBS = (
    Job("forget-idempotency-keys", timedelta(minutes=5), in_one(idempotency.forget)),
    Job("drop-ended-holds", timedelta(minutes=1), in_one(holding.drop_ended)),
    Job("drop-ended-drafts", timedelta(minutes=5), in_one(drafts.drop_ended)),
    Job("seal-audit", timedelta(seconds=10), in_one(sealing.seal)),
    Job("list-unlicensed", timedelta(hours=1), places.list_unlicensed),
    Job("call-who-did-not-say-where", timedelta(minutes=1), places.call_who_did_not_say),
    Job("forget-places", timedelta(hours=1), places.forget_places),
    Job("forget-calls", timedelta(hours=1), callbacks.forget_calls),
    Job("forget-numbers-of-texts", timedelta(hours=1), in_one(texts.forget_numbers)),
    Job("relieve-paused-channels", timedelta(minutes=1), in_one(relieving.relieve)),
    Job("alert-staff", timedelta(seconds=10), alerting.tell_of_new),
    Job("forget-sessions", timedelta(hours=1), in_one(sessions.forget_sessions)),
    Job("forget-sign-in-tries", timedelta(minutes=5), in_one(lockout.forget_tries)),
    Job("watch-outside-calendars", timedelta(minutes=1), in_one(watching.watch)),
    Job("close-settled-busy-tasks", timedelta(minutes=1), in_one(watching.close_settled)),
    Job("keep-reading-mailbox", timedelta(minutes=1), mailbox.keep_reading),
    Job("expire-requests", timedelta(seconds=30), expiring.expire_overdue),
    Job("tell-of-unanswered", timedelta(minutes=1), waiting.tell_of_unanswered),
    Job("mark-absent", timedelta(minutes=1), absent.mark_absent),
    Job("look-after-video-rooms", timedelta(seconds=5), look_after_rooms),
)


def run_due(desk: Desk) -> None:
    """Do the jobs whose time has come. One that fails is tried again when it is due again."""
    with desk.db.transaction() as session:
        now = desk.db.now(session)
        resting = set(session.scalars(select(TimetableEntry.job).where(TimetableEntry.next_run > now)))
    for job in JOBS:
        if job.name not in resting:
            _take_turn(desk, job)


def _take_turn(desk: Desk, job: Job) -> None:
    with desk.db.transaction() as session:
        now = desk.db.now(session)
        due = _is_due(session, job, now)
    if due:
        _do(desk, job, now)


def _is_due(session: Session, job: Job, now: datetime) -> bool:
    """Whether it is our turn: whoever moves the row's time forward does the work."""
    session.execute(upsert(TimetableEntry).values(job=job.name, next_run=now).on_conflict_do_nothing())
    turn = (
        update(TimetableEntry)
        .where(TimetableEntry.job == job.name, TimetableEntry.next_run <= now)
        .values(next_run=now + job.every)
        .returning(TimetableEntry.job)
    )
    return session.execute(turn).first() is not None


def _do(desk: Desk, job: Job, now: datetime) -> None:
    """Do it; a failure must not keep the other jobs from their turn.

    A statement that takes too long counts as Unavailable, too. Where it is the database that is away, the
    next turn says so.
    """
    try:
        done = job.work(desk, now)
    except Unavailable as error:
        log.warning("a job found the database away, locked or too slow: %s", job.name, exc_info=error)
    except Exception:
        log.exception("a job failed: %s", job.name)
    else:
        if done:
            log.info("did %s: %d", job.name, done)
