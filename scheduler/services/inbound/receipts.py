"""A provider says what became of a text: late, in any order, more than once, or before it answered us."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Select, and_, exists, insert, or_, select
from sqlalchemy.orm import Session

from scheduler.channels.outcome import Remedy
from scheduler.channels.sms.reports import News, Report
from scheduler.db.models import Message, MessageAttempt, Visit
from scheduler.domain.messages import ChannelName, Hint, MessageState
from scheduler.domain.tasks import TaskKind
from scheduler.services.ground.desk import Desk
from scheduler.services.outbox.remedies import give_up
from scheduler.services.tasks.calling import call_instead, calls_no_more
from scheduler.services.tasks.opening import open_general_task
from scheduler.services.telling.attempts import REPORTER
from scheduler.services.telling.rerouting import move_on

AGAIN_AFTER = timedelta(minutes=10)
"""When a text that found nobody is sent once more: phones that are off rarely come back within seconds."""
LEFT = (MessageState.SENT, MessageState.HANDOFF, MessageState.UNKNOWN)
WAITING = (MessageState.PENDING, MessageState.CLAIMED)
"""If it was handed over before, nobody knows how that ended."""


def take_report(desk: Desk, report: Report) -> Sequence[Hint]:
    """Move a text forward, never back; the same report again changes nothing. Hints of what is due now."""
    return desk.db.attempt(partial(_take, desk, report))


def _take(desk: Desk, report: Report, session: Session) -> Sequence[Hint]:
    now = desk.db.now(session)
    found = session.scalars(_meant(report)).first()
    if found is None or _has_ended(session, found, report):
        return []
    _heed(session, desk, found, report, now)
    if found.visit_id is not None:  # visits are locked before their messages
        session.get(Visit, found.visit_id, with_for_update={"key_share": True})
    message = session.get_one(Message, found.id, with_for_update={"key_share": True}, populate_existing=True)
    if not _is_open(message) or _has_ended(session, message, report):
        return []
    return _move(session, message, report, now)


def _meant(report: Report) -> Select[Message]:
    """The text that this provider knows by that reference, or that we have no reference of yet."""
    unanswered = and_(Message.message_id == report.message, Message.provider_ref.is_(None))
    known = or_(Message.provider_ref == report.reference, unanswered)
    return select(Message).where(Message.channel == ChannelName.SMS, known)


def _has_ended(session: Session, message: Message, report: Report) -> bool:
    """Whether the provider said before how this very copy ended: its reference knows each by its own name."""
    same = exists().where(
        MessageAttempt.message_id == message.id,
        MessageAttempt.worker == REPORTER,
        MessageAttempt.reference == report.reference,
    )
    return bool(session.execute(select(same)).scalar_one())


def _is_open(message: Message) -> bool:
    """Whether there is something to be learned about its last copy."""
    return message.state in LEFT or (message.state in WAITING and message.handoffs > 0)


def _heed(session: Session, desk: Desk, message: Message, report: Report, now: datetime) -> None:
    """What it says of the number, or of all our texts."""
    if report.remedy is Remedy.FILTERED:
        open_general_task(session, TaskKind.TEXTS_FILTERED, ChannelName.SMS, now)
    elif report.remedy and message.recipient_id is not None:
        number = desk.secrets.lookup.hash("phone", report.to)
        give_up(session, ChannelName.SMS, number, report.remedy, now)


def _move(session: Session, message: Message, report: Report, now: datetime) -> list[Hint]:
    if report.news is News.TAKEN:
        if message.state not in (MessageState.HANDOFF, MessageState.SENT):  # it was in doubt
            _set(message, report, MessageState.SENT, now)
        return []
    again = report.once_more and not _failed_before(session, message)
    session.execute(insert(MessageAttempt).values(_record(message, report, now)))
    if report.news is News.DELIVERED:
        _set(message, report, MessageState.DELIVERED, now)
        calls_no_more(session, message.id, now)
        return []
    if again:
        _send_again(message, now)
        return []
    _set(message, report, MessageState.BOUNCED, now)
    session.flush()
    due = move_on(session, [message.id], now)
    call_instead(session, [message.id], now)
    return due


def _failed_before(session: Session, message: Message) -> bool:
    failed = exists().where(
        MessageAttempt.message_id == message.id, MessageAttempt.verdict == News.UNDELIVERED
    )
    return bool(session.execute(select(failed)).scalar_one())


def _set(message: Message, report: Report, state: MessageState, now: datetime) -> None:
    message.state, message.finished_at, message.token = state, now, None
    message.provider_ref = report.reference
    message.last_error = report.code or None


def _send_again(message: Message, now: datetime) -> None:
    """As if it had not left: nobody has a copy, so that no provider is asked for one."""
    message.state, message.finished_at, message.token = MessageState.PENDING, None, None
    message.handoffs, message.provider_ref = 0, None
    message.next_at, message.nudged_at = now + AGAIN_AFTER, None


def _record(message: Message, report: Report, now: datetime) -> dict[str, object]:
    return {
        "message_id": message.id,
        "attempt": message.attempt,
        "at": now,
        "worker": REPORTER,
        "verdict": report.news,
        "code": report.code,
        "detail": "",
        "reference": report.reference,
    }
