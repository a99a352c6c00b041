"""A mail came in: what it is, what it leads to, and that it was here. Its words are kept nowhere."""

import hashlib
import logging
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from scheduler.calendars.replies import LONGEST_OBJECT, Answer, Unreadable, read_answer
from scheduler.channels.inbound.mime import Part, TooMuch, parts_of
from scheduler.channels.inbound.reports import Report, report_of
from scheduler.db.models import InboundMail
from scheduler.domain.errors import Unavailable
from scheduler.domain.inbound import InboundOutcome
from scheduler.domain.tasks import TaskKind
from scheduler.services.ground.desk import Desk
from scheduler.services.inbound.answers import take_answer
from scheduler.services.inbound.bounces import take_report
from scheduler.services.inbound.effects import MAIL, Effect
from scheduler.services.tasks.opening import open_general_task

log = logging.getLogger(__name__)

CALENDARS = ("text/calendar", "application/ics")
"""As what an object is sent; some send it as both, and the first is the one that asks for something."""

Found = Report | Answer | None


def receive(desk: Desk, raw: bytes) -> Effect:
    """Do what a mail asks for, once, however often it comes; whatever it holds, it does not raise.

    Raises Unavailable.
    """
    try:
        found = find_out(raw)
        effect = desk.db.attempt(partial(_receive, desk, raw, found))
    except Unavailable:
        raise
    except (TooMuch, Unreadable) as error:
        log.warning("a mail cannot be read: %s", error)
        effect = set_aside(desk, raw)
    except Exception:  # whatever is wrong with this mail must not stop the others
        log.exception("failed over a mail")
        effect = set_aside(desk, raw)
    log.info("mail came in", extra={"outcome": effect.outcome})
    return effect


def set_aside(desk: Desk, raw: bytes) -> Effect:
    """A person has to read it. Raises Unavailable."""
    return desk.db.attempt(partial(_set_aside, desk, raw))


def find_out(raw: bytes) -> Found:
    """What a mail is to us. Raises TooMuch, Unreadable.

    The calendar part comes before anything that looks like an automatic answer: some calendars mark theirs
    as one. A report comes before both: it may echo an answer.
    """
    parts = parts_of(raw)
    report = report_of(parts)
    if report is not None or parts[0].type == "multipart/report":
        return report
    part = _calendar(parts)
    return read_answer(part.content(LONGEST_OBJECT), part.parameter("charset")) if part else None


def _calendar(parts: Sequence[Part]) -> Part | None:
    return next((part for kind in CALENDARS for part in parts if part.type == kind), None)


def _receive(desk: Desk, raw: bytes, found: Found, session: Session) -> Effect:
    now = desk.db.now(session)
    mail = _enter(session, raw, now)
    if mail is None:
        return Effect(InboundOutcome.REPEATED)
    effect = _effect(session, desk, found, now)
    session.execute(
        update(InboundMail)
        .where(InboundMail.id == mail)
        .values(
            outcome=effect.outcome, visit_id=effect.visit, message_id=effect.message, status=effect.status
        )
    )
    return effect


def _effect(session: Session, desk: Desk, found: Found, now: datetime) -> Effect:
    if isinstance(found, Report):
        return take_report(session, found, now)
    if isinstance(found, Answer):
        return take_answer(session, desk, found, now)
    return Effect(InboundOutcome.OTHER)


def _set_aside(desk: Desk, raw: bytes, session: Session) -> Effect:
    now = desk.db.now(session)
    if _enter(session, raw, now) is None:
        return Effect(InboundOutcome.REPEATED)
    open_general_task(session, TaskKind.MAIL_SET_ASIDE, MAIL, now)
    return Effect(InboundOutcome.SET_ASIDE)


def digest_of(raw: bytes) -> bytes:
    """What is kept of a mail, to know it again."""
    return hashlib.sha256(raw).digest()


def _enter(session: Session, raw: bytes, now: datetime) -> int | None:
    """Its number; None where the same bytes were here before: of two at once, one waits for the other."""
    row = {"digest": digest_of(raw), "received_at": now, "outcome": InboundOutcome.SET_ASIDE}
    entered = (
        upsert(InboundMail).values({**row, "status": ""}).on_conflict_do_nothing().returning(InboundMail.id)
    )
    return session.execute(entered).scalar()
