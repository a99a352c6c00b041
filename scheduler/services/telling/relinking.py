"""Links that somebody lost are sent again: to where they were sent before, never to what was typed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import ColumnElement, Row, or_, select
from sqlalchemy.orm import Session

from scheduler.db.models import Message, Patient, Recipient, Visit
from scheduler.db.secrets import Lookup
from scheduler.domain.messages import SPEAKS_OF, ChannelName, Hint, MessageKind, PlannedMessage
from scheduler.domain.people import fold_email
from scheduler.services.ground.desk import Desk
from scheduler.services.people.recipients import IS_INVOLVED
from scheduler.services.telling.planning import About, enter, message_row
from scheduler.services.telling.reaching import BY_MAIL, BY_TEXT

PAUSE = timedelta(minutes=10)
MOST_A_DAY = 3
DAY = timedelta(days=1)
"""So often at most, for each visit and recipient: else anybody could fill a mailbox."""
MOST_VISITS = 20

Found = Row[UUID, int, datetime, UUID, bool]


@dataclass(frozen=True, slots=True)
class Lost:
    """What somebody says who lost their links."""

    birth_date: date
    email: str | None = None
    phone: str | None = None


def send_links(desk: Desk, lost: Lost) -> list[Hint]:
    """Plan a mail, or else a text, for each open visit that fits; whether there is one, the caller must not
    learn.
    """
    return desk.db.attempt(partial(_send_links, desk, lost))


def text_links(session: Session, phone_hash: bytes, now: datetime) -> list[Hint]:
    """Plan a text for each open visit of a number."""
    found = _open_visits(session, now, Recipient.phone_hash == phone_hash, BY_TEXT)
    return _plan_all(session, found, now, by_text=True)


def _send_links(desk: Desk, lost: Lost, session: Session) -> list[Hint]:
    now = desk.db.now(session)
    said = _said(desk.secrets.lookup, lost)
    return _plan_all(session, _open_visits(session, now, *said, or_(BY_MAIL, BY_TEXT)), now)


def _said(lookup: Lookup, lost: Lost) -> Iterator[ColumnElement[bool]]:
    """One of the contacts, and the birth date."""
    contacts = []
    if lost.email:
        contacts.append(Recipient.email_hash == lookup.hash("email", fold_email(lost.email)))
    if lost.phone:
        contacts.append(Recipient.phone_hash == lookup.hash("phone", lost.phone))
    yield or_(*contacts)
    yield Patient.birth_date_hash == lookup.hash("birth_date", lost.birth_date.isoformat())


def _open_visits(session: Session, now: datetime, *which: ColumnElement[bool]) -> Sequence[Found]:
    return session.execute(
        select(Visit.id, Visit.sequence, Visit.ends_at, Recipient.id, BY_MAIL)
        .join(Recipient, Recipient.visit_id == Visit.id)
        .join(Patient, Patient.id == Visit.patient_id)
        .where(*which, IS_INVOLVED)
        .where(Visit.status.in_(SPEAKS_OF[MessageKind.LINKS]), Visit.ends_at > now)
        .order_by(Visit.starts_at)
        .limit(MOST_VISITS)
    ).all()


def _plan_all(
    session: Session, visits: Sequence[Found], now: datetime, *, by_text: bool = False
) -> list[Hint]:
    planned = (
        _plan(session, found, ChannelName.SMS if by_text or not found[-1] else ChannelName.EMAIL, now)
        for found in visits
    )
    return [hint for hint in planned if hint]


def _plan(session: Session, found: Found, channel: ChannelName, now: datetime) -> Hint | None:
    """Of two who ask at the same time one gets nothing: both count the same number of repeats."""
    visit, sequence, ends_at, recipient, _ = found
    before = sent_before(session, recipient)
    today = [at for at in before if now - at < DAY]
    if len(today) >= MOST_A_DAY or any(now - at < PAUSE for at in today):
        return None
    row = message_row(About(visit, sequence, ()), recipient, channel, links(before, ends_at, now), now)
    return next(iter(enter(session, [row], now)), None)


def sent_before(session: Session, recipient: UUID) -> Sequence[datetime]:
    """When the links of a recipient were sent again."""
    same = Message.recipient_id == recipient, Message.kind == MessageKind.LINKS
    return session.scalars(select(Message.created_at).where(*same)).all()


def links(before: Sequence[datetime], ends_at: datetime, now: datetime) -> PlannedMessage:
    """What sends them once more, of a visit that ends then."""
    return PlannedMessage(MessageKind.LINKS, len(before), now, min(ends_at, now + DAY))
