"""Who of a visit is reached by which channel: asked when messages are planned, and again when they leave."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import CTE, Row, ScalarSelect, and_, bindparam, case, exists, func, or_, select, text
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql import ColumnElement

from scheduler.db.models import Base, ClinicVersion, Consent, Recipient, Suppression, Visit
from scheduler.db.rows import select_given
from scheduler.domain.clinic import Mode
from scheduler.domain.messages import ChannelName
from scheduler.domain.routing import Reach
from scheduler.services.people.consents import WANTS_TEXTS
from scheduler.services.people.recipients import IS_INVOLVED

CONTACT_HASH: Mapping[ChannelName, InstrumentedAttribute[bytes | None]] = {
    ChannelName.EMAIL: Recipient.email_hash,
    ChannelName.SMS: Recipient.phone_hash,
}
"""What a channel knows its recipients by."""


def unwanted(channel: ChannelName) -> ColumnElement[bool]:
    """Whether nothing may go to a recipient's address or number by this channel any more."""
    same = Suppression.contact_hash == CONTACT_HASH[channel]
    return exists().where(Suppression.channel == channel, same).correlate(Recipient)


MAIL_ENDED: ScalarSelect[str] = (
    select(Suppression.reason)
    .where(Suppression.channel == ChannelName.EMAIL, Suppression.contact_hash == Recipient.email_hash)
    .correlate(Recipient)
    .scalar_subquery()
)
"""Why no mail goes to a recipient's address; NULL where it does."""
WRONG_NUMBER = "wrong-number"
"""Why nothing goes to a number whose owner says that they are somebody else: nobody calls it either."""
HAS_WRONG_NUMBER: ColumnElement[bool] = (
    exists()
    .where(Suppression.channel == ChannelName.SMS, Suppression.contact_hash == Recipient.phone_hash)
    .where(Suppression.reason == WRONG_NUMBER)
    .correlate(Recipient)
)
BY_MAIL: ColumnElement[bool] = and_(Recipient.email.is_not(None), ~unwanted(ChannelName.EMAIL))
BY_TEXT: ColumnElement[bool] = and_(Recipient.phone.is_not(None), WANTS_TEXTS, ~unwanted(ChannelName.SMS))
HEARS_OF_IT: ColumnElement[bool] = and_(
    IS_INVOLVED, Recipient.receives, or_(Recipient.email.is_not(None), Recipient.phone.is_not(None))
)
"""Whoever has no address of any kind is told by somebody else of the visit."""
_CLINIC_ZONE: ScalarSelect[str] = (
    select(ClinicVersion.document["clinic"]["timezone"].astext)
    .order_by(ClinicVersion.id.desc())
    .limit(1)
    .scalar_subquery()
)
# By video the practitioner's own clock is nobody's: the patient goes by theirs or by the clinic's.
_ZONE: ColumnElement[str] = func.coalesce(
    Recipient.timezone, case((Visit.mode == Mode.TELEMEDICINE, _CLINIC_ZONE), else_=Visit.zone)
)
"""By whose clock a recipient lives."""

ASKED = (
    select(
        Recipient.id,
        Recipient.channels,
        _ZONE.label("zone"),
        BY_MAIL.label("by_mail"),
        BY_TEXT.label("by_text"),
    )
    .join(Visit, Visit.id == Recipient.visit_id)
    .order_by(Recipient.role)
)
"""Of recipients, what `reached` reads."""
_OF_VISIT = ASKED.where(Recipient.visit_id == bindparam("visit"), HEARS_OF_IT)  # put together once


def _stand_in(model: type[Base], rows: str) -> CTE:
    return text(rows).columns().cte(model.__tablename__)


# The same question about rows that are not entered yet: they stand in for the tables. Of consents a new one
# is the last word, as its id, which it has not got, comes first.
_OF_NEW = ASKED.where(HEARS_OF_IT).add_cte(
    _stand_in(Visit, select_given(Visit)),
    _stand_in(Recipient, select_given(Recipient)),
    _stand_in(Consent, f"TABLE consents UNION ALL {select_given(Consent)}"),
)


@dataclass(frozen=True, slots=True)
class Reached:
    """Somebody who is to hear of a visit, and how."""

    recipient: UUID
    reach: Reach


def who_hears(session: Session, visit: UUID) -> list[Reached]:
    """Everybody whom a visit is told to, by whatever channel."""
    return [reached(row) for row in session.execute(_OF_VISIT, {"visit": visit})]


def who_will_hear(session: Session, rows: Mapping[str, str]) -> list[Reached]:
    """Everybody to whom a new visit is told; its `visits`, `recipients` and `consents` come spelled."""
    return [reached(row) for row in session.execute(_OF_NEW, rows)]


def reach_of(session: Session, recipients: Collection[UUID]) -> Mapping[UUID, Reach]:
    """How these are reached now; of those who are to hear nothing, nothing."""
    rows = session.execute(ASKED.where(Recipient.id.in_(recipients), HEARS_OF_IT))
    return {each.recipient: each.reach for each in map(reached, rows)}


def notify(by_mail_and_text: Iterable[tuple[bool, bool]]) -> str:
    """How a visit's people hear of it: `email`, `sms`, or `call` where nothing else reaches anybody."""
    told = list(by_mail_and_text)
    if any(mail for mail, _ in told):
        return ChannelName.EMAIL
    return ChannelName.SMS if any(text for _, text in told) else ChannelName.CALL


def reached(row: Row[*tuple[object, ...]]) -> Reached:
    """How somebody is reached, as a row of ASKED says."""
    by = {ChannelName.EMAIL: row.by_mail, ChannelName.SMS: row.by_text}
    return Reached(
        row.id,
        Reach(
            reached=frozenset(channel for channel, reaches in by.items() if reaches),
            zone=ZoneInfo(row.zone),
            wished=frozenset(map(ChannelName, row.channels or ())),
        ),
    )
