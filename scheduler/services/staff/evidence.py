"""Who was told what, when and how, and what became of it; and telling it once more."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from scheduler.db.models import Message, Recipient, Visit
from scheduler.domain.actors import Actor
from scheduler.domain.errors import NotFound, NothingToResend
from scheduler.domain.messages import ChannelName, Hint, MessageKind, MessageState, Queue, still_true
from scheduler.domain.visits import VisitStatus
from scheduler.services.audit.writing import note
from scheduler.services.ground.desk import Desk
from scheduler.services.ground.pages import Page, cut
from scheduler.services.outbox.manners import MANNERS
from scheduler.services.staff.tasks import LARGEST_ID
from scheduler.services.telling.attempts import REPORTER, Attempt, attempts_of
from scheduler.services.visits.finding import visits_of
from scheduler.services.visits.for_staff import StaffVisit

Asked = Select[Message, Visit | None, str | None]

UNHEARD = (MessageState.FAILED, MessageState.BOUNCED, MessageState.UNKNOWN, MessageState.EXPIRED)
"""Ends after which nobody can say that it was heard."""


@dataclass(frozen=True, slots=True)
class Told:
    """A message as it is shown to staff; never an address, never its words."""

    id: int
    kind: str
    channel: str
    state: str
    visit: UUID | None
    """None for an alert, which is about a task."""
    role: str | None
    """Of whom it goes to; None for people of the clinic."""
    due: datetime
    finished: datetime | None
    attempts: Sequence[Attempt]
    """With what its provider said of them later."""
    last_error: str | None
    reference: str | None
    """By which the provider knows it."""
    template_version: str | None

    @property
    def tries(self) -> int:
        return sum(each.worker != REPORTER for each in self.attempts)


@dataclass(frozen=True, slots=True)
class Unheard:
    message: Told
    visit: StaffVisit


def read_messages(session: Session, visit: UUID, actor: Actor, now: datetime) -> Sequence[Told]:
    """All that was told of a visit, or is to be, the first one first. Raises NotFound."""
    if session.get(Visit, visit) is None:
        raise NotFound
    note(session, actor, "read-messages", "visit", str(visit), now)
    asked = _messages().where(Message.visit_id == visit).order_by(Message.due_at, Message.id)
    return [told for told, _ in _found(session, asked)]


def list_messages(
    session: Session, states: Collection[str], before: tuple[datetime, int] | None, limit: int
) -> Page[Told, int]:
    """Messages in one of these states, those that were planned last first."""
    asked = _messages().where(Message.state.in_(states))
    if before:
        asked = asked.where(Message.id < before[1])
    newest = asked.order_by(Message.id.desc()).limit(limit + 1)
    rows = session.execute(newest).all()
    page = cut(rows, limit, lambda row: (row.Message.created_at, row.Message.id))
    return Page([told for told, _ in _all_told(session, page.items)], page.next)


def read_message(session: Session, id: int) -> Told:
    """Raises NotFound."""
    found = _found(session, _messages().where(Message.id == id))
    if not found:
        raise NotFound
    return found[0][0]


def list_unheard(session: Session, desk: Desk, limit: int, actor: Actor, now: datetime) -> list[Unheard]:
    """Messages about visits still to be that ended badly, and that are still true; by start of the visit."""
    ahead = Visit.starts_at > now, Message.sequence == Visit.sequence
    asked = _messages().where(Message.state.in_(UNHEARD), *ahead).order_by(Message.due_at, Message.id)
    found = [(told, visit) for told, visit in _found(session, asked) if visit and _is_true(told.kind, visit)]
    found = found[:limit]
    visits = visits_of(session, desk, {visit.id for _, visit in found if visit}, actor, now)
    unheard = [Unheard(told, visits[visit.id]) for told, visit in found if visit]
    return sorted(unheard, key=lambda each: each.visit.start)


def send_again(desk: Desk, id: int, actor: Actor) -> Hint:
    """Try once more what ended badly: the same message, so that a calendar takes it for the same.

    Raises NotFound, and NothingToResend for what ended well, or is no longer true.
    """

    def work(session: Session) -> Hint:
        if id > LARGEST_ID:
            raise NotFound
        of = select(Message.visit_id).where(Message.id == id, Message.kind != MessageKind.WEBHOOK)
        visit = session.scalars(select(Visit).where(Visit.id.in_(of)).with_for_update(key_share=True)).first()
        message = session.get(Message, id, with_for_update=True) if visit else None
        if visit is None or message is None:
            raise NotFound
        now = desk.db.now(session)
        true = message.sequence == visit.sequence and _is_true(message.kind, visit)
        if message.state not in UNHEARD or not true or visit.starts_at <= now:
            raise NothingToResend
        message.state, message.finished_at, message.token = MessageState.PENDING, None, None
        message.due_at = message.next_at = message.nudged_at = now
        message.expires_at = visit.starts_at
        if MANNERS[ChannelName(message.channel)].asks:
            message.handoffs, message.provider_ref = 0, None  # else its provider would only be asked again
        note(session, actor, "send-again", "message", str(id), now, {"kind": message.kind})
        return Hint(id, Queue(message.queue))

    return desk.db.attempt(work)


def _is_true(kind: str, visit: Visit) -> bool:
    return still_true(MessageKind(kind), visit.sequence, VisitStatus(visit.status), visit.sequence)


def _messages() -> Asked:
    """All but what goes to programs, which has a list of its own."""
    return (
        select(Message, Visit, Recipient.role)
        .outerjoin(Visit, Visit.id == Message.visit_id)
        .outerjoin(Recipient, Recipient.id == Message.recipient_id)
        .where(Message.kind != MessageKind.WEBHOOK)
    )


def _found(session: Session, asked: Asked) -> list[tuple[Told, Visit | None]]:
    return _all_told(session, session.execute(asked).all())


def _all_told(
    session: Session, rows: Sequence[Row[Message, Visit | None, str | None]]
) -> list[tuple[Told, Visit | None]]:
    attempts = attempts_of(session, [message.id for message, _, _ in rows])
    return [(_told(message, role, attempts.get(message.id, [])), visit) for message, visit, role in rows]


def _told(row: Message, role: str | None, attempts: Sequence[Attempt]) -> Told:
    return Told(
        id=row.id,
        kind=row.kind,
        channel=row.channel,
        state=row.state,
        visit=row.visit_id,
        role=role,
        due=row.due_at,
        finished=row.finished_at,
        attempts=attempts,
        last_error=row.last_error,
        reference=row.provider_ref,
        template_version=row.template_version,
    )
