"""A text came in: it confirms, ends texts or begins them again, or asks for help; nothing else."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from scheduler.db.models import InboundText, Recipient, Visit
from scheduler.domain.clinic import Clinic
from scheduler.domain.inbound import TextOutcome
from scheduler.domain.keywords import meaning
from scheduler.domain.messages import Hint
from scheduler.messages.answers import Answer, render_answer
from scheduler.messages.sms import TextTooLong
from scheduler.services.ground.desk import Desk
from scheduler.services.inbound.text_effects import EFFECTS, Incoming

KEPT = timedelta(days=30)
"""Time enough to look into what somebody says that they texted."""
NOBODY = b""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Texted:
    """A text as its provider hands it over."""

    reference: str
    number: str
    """E.164, or whatever else texts."""
    words: str
    answered: bool = False
    """The provider has answered it by itself."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a text led to."""

    outcome: TextOutcome | None
    """None for one that was here before."""
    words: str | None = None
    """What is answered at once; None where nothing is."""
    due: Sequence[Hint] = ()


def receive_text(desk: Desk, text: Texted) -> Reply:
    """Do what a text asks for, once, however often it comes. It learns, moves and cancels nothing."""
    return desk.db.attempt(partial(_receive, desk, text))


def _receive(desk: Desk, text: Texted, session: Session) -> Reply:
    moment = desk.clinics.moment(session)
    come = Incoming(session, desk, desk.secrets.lookup.hash("phone", text.number), moment.now)
    if not _enter(come, text):
        return Reply(None)
    keyword, language = meaning(text.words) or (None, None)
    outcome, answer, due = EFFECTS[keyword](come)
    spoken = _language_of(come) or language or moment.clinic.languages[0]
    words = _said(answer, spoken, moment.clinic) if answer and not text.answered else None
    made = update(InboundText).where(InboundText.reference == text.reference)
    session.execute(made.values(outcome=outcome, answered=words is not None))
    return Reply(outcome, words, due)


def _said(answer: Answer, language: str, clinic: Clinic) -> str | None:
    """None where the clinic has a name that leaves no room for it: what it asks for is done all the same."""
    try:
        return render_answer(answer, language, clinic.sender.name, clinic.phone)
    except TextTooLong:
        log.error("an answer is longer than one text", extra={"kind": answer})
        return None


def forget_numbers(session: Session, now: datetime) -> int:
    """Forget whose texts of a month ago were; how many.

    That they came is kept: a provider's request is signed for good, and must have no effect a second time.
    """
    old = InboundText.received_at < now - KEPT, InboundText.contact_hash != NOBODY
    forgotten = update(InboundText).where(*old).values(contact_hash=NOBODY)
    return len(session.execute(forgotten.returning(InboundText.reference)).all())


def _enter(come: Incoming, text: Texted) -> bool:
    """Whether it was not here before: of two at once, one waits for the other."""
    row = {"reference": text.reference, "contact_hash": come.number, "received_at": come.now}
    entered = (
        upsert(InboundText)
        .values(**row, outcome=TextOutcome.NOTHING, answered=False)
        .on_conflict_do_nothing()
        .returning(InboundText.reference)
    )
    return come.session.execute(entered).first() is not None


def _language_of(come: Incoming) -> str | None:
    """That of whoever has the number; the latest that they chose."""
    latest = (
        select(Recipient.language)
        .join(Visit, Visit.id == Recipient.visit_id)
        .where(Recipient.phone_hash == come.number)
        .order_by(Visit.created_at.desc())
        .limit(1)
    )
    return come.session.scalars(latest).first()
