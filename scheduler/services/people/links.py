"""The links that recipients hold: whose one is, how long it opens something, and how it ends."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection, Interval, bindparam, delete, func, insert, or_, select
from sqlalchemy.orm import Session

from scheduler.db.models import Link, Recipient, Visit
from scheduler.db.secrets import token_hash
from scheduler.domain.actors import Actor, ActorKind
from scheduler.services.ground.desk import Desk
from scheduler.services.people.recipients import (
    JOIN,
    LASTING,
    MANAGE,
    NOT_YOU,
    PATIENT,
    UNSUBSCRIBE,
    link_rows,
)

LASTS = {
    MANAGE: timedelta(days=7),
    JOIN: timedelta(days=7),  # the gate itself closes much sooner, and says so
    NOT_YOU: timedelta(days=7),
    UNSUBSCRIBE: timedelta(days=60),
}
"""How long a link opens something after the end of the visit. A cancel ends none: they show what became of
it."""


# Put together once: this is the statement of every page and every link. It asks the clock itself.
_HOLDER = (
    select(
        Recipient.visit_id,
        Recipient.id,
        Recipient.link_generation,
        Recipient.role,
        Recipient.language,
        Recipient.email_hash,
    )
    .join(Link, Link.recipient_id == Recipient.id)
    .join(Visit, Visit.id == Recipient.visit_id)
    .where(Link.hash == bindparam("hash"), Link.purpose == bindparam("purpose"))
    .where(or_(Link.generation == Recipient.link_generation, Link.purpose.in_(LASTING)))
    .where(Visit.ends_at > func.clock_timestamp() + bindparam("behind", type_=Interval))
)


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a link was given to."""

    visit: UUID
    recipient: UUID
    generation: int
    role: str
    language: str
    email_hash: bytes | None

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind.PATIENT if self.role == PATIENT else ActorKind.BOOKED_BY)


def holder(asked: Session | Connection, token: str, purpose: str, offset: timedelta) -> Holder | None:
    """Whose link this is; None where it opens nothing any more, or never did. `offset` is of the clock.

    "Not you?" is open to those too whose other links ended: it is they who have to be able to say so. So is
    the way to have no more reminders.
    """
    given = {"hash": token_hash(token), "purpose": purpose, "behind": offset - LASTS[purpose]}
    found = asked.execute(_HOLDER, given).first()
    return Holder(*found) if found else None


def end_links(session: Session, recipient: Recipient) -> None:
    """Nothing that was given to this recipient opens the visit from now on. Lock the visit before."""
    opening = Link.recipient_id == recipient.id, Link.purpose.not_in(LASTING)
    session.execute(delete(Link).where(*opening))
    recipient.link_generation += 1


def renew_links(session: Session, desk: Desk, recipient: Recipient) -> None:
    """Others take their place, which nobody has seen yet. Lock the visit before."""
    end_links(session, recipient)
    recipient.link_key = desk.secrets.links.active
    fresh = link_rows(desk, recipient.visit_id, recipient.id, recipient.link_key, recipient.link_generation)
    session.execute(insert(Link.table()), list(fresh))
