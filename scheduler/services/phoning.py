"""What staff say on the phone to whom a message does not reach: its words, in their language."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scheduler.db.models import Message, Recipient, Task, Visit
from scheduler.domain.messages import MessageKind
from scheduler.messages.sms import render_call
from scheduler.services.callbacks import Caller
from scheduler.services.calling import CAUSE
from scheduler.services.desk import Desk
from scheduler.services.outbox.content import facts_of
from scheduler.services.outbox.texts import place_name
from scheduler.services.recipients import contact_of


@dataclass(frozen=True, slots=True)
class Saying:
    kind: str
    """Of the message that is said."""
    words: str
    call: Caller | None
    """Whom to call; None where they left no number."""


def sayings(session: Session, desk: Desk, tasks: Sequence[int]) -> dict[int, Saying]:
    """By task, for those that a message opened; of the visit as it is now."""
    cause = func.concat(CAUSE, Message.id)
    behind = (
        select(Task.id, Message.kind, Visit, Recipient)
        .join(Message, cause == Task.cause)
        .join(Visit, Visit.id == Message.visit_id)
        .join(Recipient, Recipient.id == Message.recipient_id)
        .where(Task.id.in_(tasks))
    )
    found = session.execute(behind)
    return {id: _saying(session, desk, kind, visit, who) for id, kind, visit, who in found}


def _saying(session: Session, desk: Desk, kind: str, visit: Visit, who: Recipient) -> Saying:
    clinic, meant = desk.clinics.moment(session).clinic, MessageKind(kind)
    words = render_call(facts_of(desk, clinic, meant, meant, visit, who), place_name(clinic, visit))
    contact = contact_of(desk, who)
    call = Caller(contact.name, contact.phone, contact.language) if contact.phone else None
    return Saying(kind, words, call)
