"""What the words of a text do: confirm, end texts or begin them again, help; nothing else."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Row, Select, delete, exists, select, update
from sqlalchemy.orm import Session

from scheduler.channels.outcome import Remedy
from scheduler.db.models import InboundText, Recipient, Suppression, Visit
from scheduler.domain.actors import PUBLIC, Actor, ActorKind
from scheduler.domain.inbound import TextOutcome
from scheduler.domain.keywords import Keyword
from scheduler.domain.messages import ChannelName, Hint
from scheduler.domain.tasks import TaskKind
from scheduler.domain.visits import Act, VisitStatus
from scheduler.messages.answers import Answer
from scheduler.services.changes.scene import Order, carry_out_within
from scheduler.services.changes.simple import confirm
from scheduler.services.ground.desk import Desk
from scheduler.services.outbox.remedies import give_up
from scheduler.services.people.consents import wants_texts
from scheduler.services.people.recipients import IS_INVOLVED, PATIENT
from scheduler.services.tasks.opening import close_tasks
from scheduler.services.telling.carrying import compose_anew
from scheduler.services.telling.disowning import end_access
from scheduler.services.telling.reaching import WRONG_NUMBER
from scheduler.services.telling.relinking import text_links
from scheduler.services.telling.rerouting import replan
from scheduler.services.telling.suppressing import suppress, visits_told

SMS = ChannelName.SMS
"""Why nothing goes to a number whose owner is somebody else; no START takes it back."""
QUIET = timedelta(hours=1)
"""For so long words that mean nothing are not answered again: two machines would never stop."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """One text in one transaction."""

    session: Session
    desk: Desk
    number: bytes
    """Its keyed hash."""
    now: datetime


Effect = tuple[TextOutcome, Answer | None, Sequence[Hint]]
"""What it led to, what is answered at once, and what is due."""


def _confirm(come: Incoming) -> Effect:
    """The one visit that is ahead; with several nobody knows which is meant, so that each has its link."""
    if _suppressed(come) == WRONG_NUMBER:
        return TextOutcome.NOTHING, None, ()
    ahead = come.session.execute(_ahead(come)).all()
    if not ahead:
        return _not_understood(come)
    if len({row.id for row in ahead}) > 1:
        texts = text_links(come.session, come.number, come.now)
        return TextOutcome.LINKS, None if texts else Answer.HELP, texts
    order = Order(ahead[0].id, Act.CONFIRM, _actor(ahead[0]), reason="text")
    due = carry_out_within(come.desk, order, confirm, come.session).due
    return TextOutcome.CONFIRMED, Answer.CONFIRMED, due


def _ahead(come: Incoming) -> Select[UUID, str]:
    return (
        select(Visit.id, Recipient.role)
        .join(Recipient, Recipient.visit_id == Visit.id)
        .where(Recipient.phone_hash == come.number, IS_INVOLVED)
        .where(Visit.status == VisitStatus.BOOKED, Visit.ends_at > come.now)
        .order_by(Visit.id, Recipient.role.desc())
        .with_for_update(of=Visit, key_share=True)
    )


def _actor(row: Row[UUID, str]) -> Actor:
    return Actor(ActorKind.PATIENT if row.role == PATIENT else ActorKind.BOOKED_BY)


def _stop(come: Incoming) -> Effect:
    ended = give_up(come.session, SMS, come.number, Remedy.OPTED_OUT, come.now)
    return (TextOutcome.STOPPED, Answer.STOPPED, ()) if ended else (TextOutcome.NOTHING, None, ())


def _start(come: Incoming) -> Effect:
    """Only what its owner ended, and only where they once agreed."""
    why = _suppressed(come)
    if why not in (None, Remedy.OPTED_OUT) or not wants_texts(come.session, come.number):
        return TextOutcome.NOT_STARTED, None if why == WRONG_NUMBER else Answer.NOT_STARTED, ()
    if why is None:
        return TextOutcome.NOTHING, Answer.STARTED, ()
    visits = visits_told(come.session, SMS, come.number, come.now)
    ours = Suppression.channel == SMS, Suppression.contact_hash == come.number
    come.session.execute(delete(Suppression).where(*ours))
    theirs = Recipient.phone_hash == come.number, IS_INVOLVED
    for visit in visits:
        for who in come.session.scalars(select(Recipient.id).where(Recipient.visit_id == visit.id, *theirs)):
            replan(come.session, who, come.now)
        close_tasks(come.session, TaskKind.OPTED_OUT, visit.id, PUBLIC, come.now)
    return TextOutcome.STARTED, Answer.STARTED, ()


def _wrong(come: Incoming) -> Effect:
    """The number is somebody else's: nothing more goes there, and what went there opens nothing."""
    if not suppress(come.session, SMS, come.number, WRONG_NUMBER, come.now):
        ours = Suppression.channel == SMS, Suppression.contact_hash == come.number
        again = (
            update(Suppression).where(*ours, Suppression.reason != WRONG_NUMBER).values(reason=WRONG_NUMBER)
        )
        if come.session.execute(again.returning(Suppression.reason)).first() is None:
            return TextOutcome.NOTHING, None, ()
    theirs, kind = Recipient.phone_hash == come.number, TaskKind.WRONG_NUMBER
    shut_out = [
        who
        for visit in visits_told(come.session, SMS, come.number, come.now)
        for who in end_access(come.desk, come.session, visit, theirs, PUBLIC, kind, come.now)
    ]
    come.session.flush()
    due = [hint for who in shut_out for hint in compose_anew(come.session, who.id)]
    return TextOutcome.WRONG_NUMBER, Answer.WRONG, due


def _help(come: Incoming) -> Effect:
    return TextOutcome.HELP, Answer.HELP, ()


def _not_understood(come: Incoming) -> Effect:
    """Whoever wants no texts gets none; others hear now and then that nobody reads theirs."""
    lately = exists().where(
        InboundText.contact_hash == come.number,
        InboundText.answered,
        InboundText.outcome == TextOutcome.NOT_UNDERSTOOD,
        InboundText.received_at > come.now - QUIET,
    )
    silent = _suppressed(come) is not None or come.session.execute(select(lately)).scalar_one()
    return TextOutcome.NOT_UNDERSTOOD, None if silent else Answer.NOT_UNDERSTOOD, ()


def _suppressed(come: Incoming) -> str | None:
    ours = Suppression.channel == SMS, Suppression.contact_hash == come.number
    return come.session.scalars(select(Suppression.reason).where(*ours)).one_or_none()


EFFECTS: Mapping[Keyword | None, Callable[[Incoming], Effect]] = {
    Keyword.CONFIRM: _confirm,
    Keyword.STOP: _stop,
    Keyword.START: _start,
    Keyword.WRONG: _wrong,
    Keyword.HELP: _help,
    None: _not_understood,
}
