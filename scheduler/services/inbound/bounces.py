"""A mail of ours came back: its message did not arrive, and its address may be one that no mail reaches."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from scheduler.channels.inbound.reports import News, Report
from scheduler.db.models import Message, Recipient, Visit
from scheduler.domain.inbound import InboundOutcome, address_is_bad
from scheduler.domain.messages import ChannelName, MessageState
from scheduler.domain.tasks import TaskKind
from scheduler.services.inbound.effects import MAIL, Effect
from scheduler.services.outbox.remedies import ask_for_contact, give_up
from scheduler.services.tasks.opening import open_general_task

LEFT = (MessageState.SENT, MessageState.HANDOFF, MessageState.UNKNOWN)
"""States of a message that somebody may send back. One of which the answer is still awaited is here too."""
OUTCOMES = {
    News.BOUNCED: InboundOutcome.BOUNCED,
    News.DELAYED: InboundOutcome.DELAYED,
    News.COMPLAINT: InboundOutcome.COMPLAINT,
}


def take_report(session: Session, report: Report, now: datetime) -> Effect:
    """Mark the message and, where it is the address that is bad or not wanted, the address."""
    outcome = OUTCOMES.get(report.news)
    if outcome is None:
        return Effect(InboundOutcome.OTHER)
    message = session.scalars(select(Message).where(Message.message_id == report.message_id)).one_or_none()
    if message is None or message.channel != ChannelName.EMAIL:
        return _nobodys(session, report, now)
    if report.news is not News.DELAYED:
        _take(session, message, report, now)
    return Effect(outcome, message.visit_id, message.id, report.status)


def _nobodys(session: Session, report: Report, now: datetime) -> Effect:
    """Somebody did not get a mail, or does not want it, and only people can find out who."""
    if report.news is not News.DELAYED:
        open_general_task(session, TaskKind.MAIL_SET_ASIDE, MAIL, now)
        return Effect(InboundOutcome.SET_ASIDE, status=report.status)
    outcome = InboundOutcome.UNKNOWN if report.message_id else InboundOutcome.OTHER
    return Effect(outcome, status=report.status)


def _take(session: Session, message: Message, report: Report, now: datetime) -> None:
    """People of the clinic, whom alerts go to, have no visit: of their addresses the file decides."""
    hashed = session.execute(
        select(Recipient.email_hash).where(Recipient.id == message.recipient_id)
    ).scalar()
    complaint = report.news is News.COMPLAINT
    if hashed is not None and (complaint or address_is_bad(report.status)):
        give_up(session, ChannelName.EMAIL, hashed, report.news, now)
    visit = (
        session.get(Visit, message.visit_id, with_for_update={"key_share": True})
        if message.visit_id
        else None
    )
    if not complaint:
        _mark(session, message, now)
    if visit and visit.ends_at > now:
        ask_for_contact(session, visit, hashed or b"", report.news, now)


def _mark(session: Session, message: Message, now: datetime) -> None:
    left = Message.id == message.id, Message.state.in_(LEFT)
    session.execute(
        update(Message).where(*left).values(state=MessageState.BOUNCED, token=None, finished_at=now)
    )
