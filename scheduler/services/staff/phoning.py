"""What staff say on the phone to whom a message does not reach: its words, in their language."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, func, literal, select
from sqlalchemy.orm import Session

from scheduler.db.models import Message, Recipient, Task, Visit
from scheduler.domain.clinic import Clinic
from scheduler.domain.messages import ChannelName, MessageKind, MessageState, Queue
from scheduler.domain.tasks import TaskKind
from scheduler.messages.sms import render_call
from scheduler.services.booking.callbacks import Caller
from scheduler.services.ground.desk import Desk
from scheduler.services.outbox.content import facts_of
from scheduler.services.outbox.texts import place_name
from scheduler.services.people.recipients import contact_of
from scheduler.services.tasks.calling import CAUSE
from scheduler.services.telling.reaching import HAS_WRONG_NUMBER

_CAUSE = func.concat(CAUSE, Message.id)
"""Of the task that a message opened."""


@dataclass(frozen=True, slots=True)
class Saying:
    kind: str
    """Of the message that is said."""
    words: str
    call: Caller | None
    """Whom to call; None where they left no number, or it is somebody else's."""


def sayings(session: Session, desk: Desk, tasks: Sequence[int]) -> dict[int, Saying]:
    """By task, for those that a message opened; of the visit as it is now."""
    behind = (
        select(Task.id, Message.kind, Visit, Recipient, HAS_WRONG_NUMBER)
        .join(Message, Task.cause == _CAUSE)
        .join(Visit, Visit.id == Message.visit_id)
        .join(Recipient, Recipient.id == Message.recipient_id)
        .where(Task.id.in_(tasks))
    )
    clinic = desk.clinics.moment(session).clinic
    return {
        id: _saying(desk, clinic, kind, visit, who, wrong=wrong)
        for id, kind, visit, who, wrong in session.execute(behind)
    }


@dataclass(frozen=True, slots=True)
class Planned:
    """A call that becomes a task when it is due."""

    due: datetime
    visit: UUID
    saying: Saying


def planned_sayings(session: Session, desk: Desk, now: datetime, until: datetime, most: int) -> list[Planned]:
    """Calls that are due before `until` and no tasks yet, the first first; not more than `most`."""
    task = exists().where(Task.visit_id == Message.visit_id, Task.kind == TaskKind.CALL, Task.cause == _CAUSE)
    waiting = (
        select(Message.due_at, Message.kind, Visit, Recipient, HAS_WRONG_NUMBER)
        .join(Visit, Visit.id == Message.visit_id)
        .join(Recipient, Recipient.id == Message.recipient_id)
        # As the index has them: by state, queue and channel.
        .where(Message.state == literal(MessageState.PENDING, literal_execute=True))
        .where(Message.queue.in_(Queue), Message.channel == ChannelName.CALL, Message.next_at < until)
        .where(Message.expires_at > now, ~task)
        .order_by(Message.due_at)
        .limit(most)
    )
    clinic = desk.clinics.moment(session).clinic
    return [
        Planned(due, visit.id, _saying(desk, clinic, kind, visit, who, wrong=wrong))
        for due, kind, visit, who, wrong in session.execute(waiting)
    ]


def _saying(desk: Desk, clinic: Clinic, kind: str, visit: Visit, who: Recipient, *, wrong: bool) -> Saying:
    meant = MessageKind(kind)
    words = render_call(facts_of(desk, clinic, meant, meant, visit, who), place_name(clinic, visit))
    contact = contact_of(desk, who)
    call = Caller(contact.name, contact.phone, contact.language) if contact.phone and not wrong else None
    return Saying(kind, words, call)
