"""Who was told what, when and how, and what became of it; and telling it once more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, distinct, func, select
from sqlalchemy.orm import Session

from scheduler.db.models import Message, MessageAttempt, Recipient, Visit
from scheduler.domain.actors import Actor
from scheduler.domain.errors import IllegalTransition, NotFound
from scheduler.domain.messages import Hint, MessageKind, MessageState, Queue, still_true
from scheduler.domain.visits import VisitStatus
from scheduler.services.desk import Desk
from scheduler.services.finding import visits_of
from scheduler.services.history import note
from scheduler.services.staff_visits import StaffVisit

UNHEARD = (MessageState.FAILED, MessageState.BOUNCED, MessageState.UNKNOWN, MessageState.EXPIRED)
"""Ends after which nobody can say that it was heard."""


@dataclass(frozen=True, slots=True)
class Told:
    """A message as it is shown to staff; never an address."""

    id: int
    kind: str
    channel: str
    state: str
    role: str
    """Of whom it goes to."""
    due: datetime
    finished: datetime | None
    attempts: int
    last_error: str | None
    reference: str | None
    """By which the provider knows it."""
    template_version: str | None


@dataclass(frozen=True, slots=True)
class Unheard:
    message: Told
    visit: StaffVisit


def read_messages(session: Session, visit: UUID, actor: Actor, now: datetime) -> Sequence[Told]:
    """All of a visit's messages, the first one first."""
    note(session, actor, "read-messages", "visit", str(visit), now)
    return [told for told, _ in _messages(session, Message.visit_id == visit)]


def list_unheard(session: Session, desk: Desk, limit: int, actor: Actor, now: datetime) -> list[Unheard]:
    """Messages about visits still to be that ended badly, and that are still true; by start of the visit."""
    found = [
        (told, visit)
        for told, visit in _messages(
            session, Message.state.in_(UNHEARD), Visit.starts_at > now, Message.sequence == Visit.sequence
        )
        if _is_true(told.kind, visit)
    ][:limit]
    visits = visits_of(session, desk, {visit.id for _, visit in found}, actor, now)
    unheard = [Unheard(told, visits[visit.id]) for told, visit in found]
    return sorted(unheard, key=lambda each: each.visit.start)


def send_again(desk: Desk, id: int, actor: Actor) -> Hint:
    """Try once more what ended badly: the same message, so that a calendar takes it for the same.

    Raises NotFound, and IllegalTransition for what ended well, or is no longer true.
    """

    def work(session: Session) -> Hint:
        of = select(Message.visit_id).where(Message.id == id)
        visit = session.scalars(select(Visit).where(Visit.id.in_(of)).with_for_update(key_share=True)).first()
        message = session.get(Message, id, with_for_update=True) if visit else None
        if visit is None or message is None:
            raise NotFound
        now = desk.db.now(session)
        true = message.sequence == visit.sequence and _is_true(message.kind, visit)
        if message.state not in UNHEARD or not true or visit.starts_at <= now:
            raise IllegalTransition
        message.state, message.finished_at, message.attempt = MessageState.PENDING, None, 0
        message.next_at, message.nudged_at, message.expires_at = now, now, visit.starts_at
        note(session, actor, "send-again", "message", str(id), now, {"kind": message.kind})
        return Hint(id, Queue(message.queue))

    return desk.db.attempt(work)


def _is_true(kind: str, visit: Visit) -> bool:
    return still_true(MessageKind(kind), visit.sequence, VisitStatus(visit.status), visit.sequence)


def _messages(session: Session, *which: ColumnElement[bool]) -> list[tuple[Told, Visit]]:
    tries = (
        select(func.count(distinct(MessageAttempt.attempt)))
        .where(MessageAttempt.message_id == Message.id)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Message, Visit, Recipient.role, tries)
        .join(Visit, Visit.id == Message.visit_id)
        .join(Recipient, Recipient.id == Message.recipient_id)
        .where(*which)
        .order_by(Message.due_at, Message.id)
    )
    return [(_told(message, role, count), visit) for message, visit, role, count in rows]


def _told(row: Message, role: str, attempts: int) -> Told:
    return Told(
        id=row.id,
        kind=row.kind,
        channel=row.channel,
        state=row.state,
        role=role,
        due=row.due_at,
        finished=row.finished_at,
        attempts=attempts,
        last_error=row.last_error,
        reference=row.provider_ref,
        template_version=row.template_version,
    )
