"""Reading the clinic's mailbox: an errand that is due again and again, and that no mail can stop.

How far we are stands in a row, not in the mailbox: people read it too, and what they do there is theirs.
"""

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from scheduler.channels.inbound.imap import Folder, ImapMailbox, MailboxAway
from scheduler.channels.inbound.mime import LARGEST_MAIL
from scheduler.db.models import InboundMail, Mailbox
from scheduler.domain.inbound import HANDLED, InboundOutcome
from scheduler.services.ground import errands
from scheduler.services.ground.desk import Desk
from scheduler.services.inbound.receiving import digest_of, receive, set_aside

log = logging.getLogger(__name__)

READ = "read-mailbox"
"""The errand; its row is always the same: there is one mailbox."""
ROW = "inbox"
EVERY = timedelta(minutes=1)
SLOWEST = timedelta(minutes=15)
"""Between two tries of a mailbox that fails and fails."""
MOST = 200
"""Mails at once: then it is somebody else's turn."""
SECONDS = 25.0
"""After which no further mail is begun; below the 45 s that an errand has."""
BEFORE = timedelta(days=7)
"""How old mails may be that were there before we first looked."""
MOST_TRIES = 3
"""A mail over which we died so often is not read any more."""


@dataclass(frozen=True, slots=True)
class Place:
    """How far we are."""

    last: int
    """The UID of the last mail that was read."""
    since: datetime


def keep_reading(desk: Desk, now: datetime) -> int:
    """See to it that the mailbox is read, where there is one."""
    if desk.mailbox is None:
        return 0
    with desk.db.transaction() as session:
        return int(errands.plan_once(session, READ, ROW, now))


def read_mailbox(desk: Desk) -> timedelta | None:
    """Do what the mails ask for that came in; after how long again. None where there is no mailbox any more.

    Raises Unavailable.
    """
    mailbox = desk.mailbox
    if mailbox is None:
        return None
    try:
        with mailbox.open() as folder:
            whole = _read(desk, mailbox, folder)
    except MailboxAway as error:
        log.warning("the mailbox cannot be read", extra={"code": error.code})
        return desk.db.attempt(partial(_note_failure, desk, mailbox, error.code))
    desk.db.attempt(partial(_note_success, desk, mailbox))
    return EVERY if whole else timedelta(0)


def _read(desk: Desk, mailbox: ImapMailbox, folder: Folder) -> bool:
    """Whether nothing is left that came in before we looked."""
    began = time.monotonic()
    place = desk.db.attempt(partial(_place, desk, mailbox.name, folder.validity))
    uids = folder.newer(place.last, (place.since - BEFORE).date())
    for uid in uids[:MOST]:
        if time.monotonic() - began > SECONDS:
            return False
        _one(desk, mailbox.name, folder, uid)
    return len(uids) <= MOST


def _one(desk: Desk, name: str, folder: Folder, uid: int) -> None:
    """The row says beforehand which mail it is: one that ends us every time is found by that."""
    tries = desk.db.attempt(partial(_begin, name, uid))
    raw = folder.fetch(uid, LARGEST_MAIL + 1) if tries <= MOST_TRIES else None
    if tries > MOST_TRIES:
        set_aside(desk, f"{name} {folder.validity} {uid}".encode())
        folder.point_out(uid)
    elif raw is not None:
        receive(desk, raw)
        _put(folder, uid, desk.db.attempt(partial(_outcome, raw)))
    desk.db.attempt(partial(_end, name, uid))


def _put(folder: Folder, uid: int, outcome: InboundOutcome) -> None:
    """What is for people stays as it came; what nobody could read gets a flag."""
    if outcome in HANDLED:
        folder.put_away(uid)
    elif outcome is InboundOutcome.SET_ASIDE:
        folder.point_out(uid)


def _outcome(raw: bytes, session: Session) -> InboundOutcome:
    """What became of the mail when it first came; perhaps another way, perhaps just now."""
    first = select(InboundMail.outcome).where(InboundMail.digest == digest_of(raw))
    return InboundOutcome(session.scalars(first).one())


def _place(desk: Desk, name: str, validity: int, session: Session) -> Place:
    """Of a mailbox that was never looked at, or whose UIDs are others than they were: the beginning."""
    now = desk.db.now(session)
    new = {"name": name, "validity": validity, "last_uid": 0, "tries": 0, "failures": 0, "since": now}
    session.execute(upsert(Mailbox).values(new).on_conflict_do_nothing())
    row = session.get_one(Mailbox, name, with_for_update=True)
    if row.validity != validity:
        row.validity, row.last_uid, row.since, row.trying, row.tries = validity, 0, now, None, 0
    return Place(row.last_uid, row.since)


def _begin(name: str, uid: int, session: Session) -> int:
    """How often it has been begun, with this time."""
    row = session.get_one(Mailbox, name, with_for_update=True)
    row.tries = row.tries + 1 if row.trying == uid else 1
    row.trying = uid
    return row.tries


def _end(name: str, uid: int, session: Session) -> None:
    read = update(Mailbox).where(Mailbox.name == name)
    session.execute(read.values(last_uid=func.greatest(Mailbox.last_uid, uid), trying=None, tries=0))


def _note_success(desk: Desk, mailbox: ImapMailbox, session: Session) -> None:
    mine = update(Mailbox).where(Mailbox.name == mailbox.name)
    session.execute(mine.values(read_at=desk.db.now(session), failures=0, last_error=None))


def _note_failure(desk: Desk, mailbox: ImapMailbox, code: str, session: Session) -> timedelta:
    now = desk.db.now(session)
    first = {"name": mailbox.name, "validity": 0, "last_uid": 0, "tries": 0, "failures": 1, "since": now}
    failed = upsert(Mailbox).values(first | {"last_error": code})
    more = {"failures": Mailbox.failures + 1, "last_error": code}
    counted = failed.on_conflict_do_update(index_elements=["name"], set_=more).returning(Mailbox.failures)
    return min(EVERY * session.execute(counted).scalar_one(), SLOWEST)


@dataclass(frozen=True, slots=True)
class Silence:
    """For how long a mailbox has given nothing, and why, as a code."""

    lasts: timedelta
    code: str | None


def silence(connection: Connection, mailbox: ImapMailbox, now: datetime) -> Silence | None:
    """None where nobody looked yet."""
    last = select(func.coalesce(Mailbox.read_at, Mailbox.since), Mailbox.last_error)
    row = connection.execute(last.where(Mailbox.name == mailbox.name)).one_or_none()
    return Silence(now - row[0], row[1]) if row else None
