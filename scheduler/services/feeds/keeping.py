"""Which feeds there are: made, listed, revoked."""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.db.models import CalendarFeed
from scheduler.db.secrets import token_hash
from scheduler.domain.actors import Actor
from scheduler.domain.clinic import Clinic
from scheduler.domain.errors import Fault, Invalid, NotFound
from scheduler.domain.feeds import FeedWish
from scheduler.services.audit.writing import note
from scheduler.services.ground import idempotency
from scheduler.services.ground.desk import Desk
from scheduler.services.ground.idempotency import Repeatable

OBJECT = "calendar-feed"
TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Made:
    entry: CalendarFeed
    address: str
    replayed: bool
    """It was made by an earlier request with the same key."""


def create_feed(desk: Desk, wish: FeedWish, actor: Actor) -> tuple[CalendarFeed, str]:
    """A new feed, and its address: it is shown this once, only the token's SHA-256 is kept.

    Raises Invalid for somebody or a place that the clinic does not have.
    """
    made = create_feed_once(desk, wish, actor, None)
    return made.entry, made.address


def create_feed_once(desk: Desk, wish: FeedWish, actor: Actor, repeatable: Repeatable | None) -> Made:
    """The same for a request that may be repeated: a repeat has one more address for the same feed, which
    takes the place of the one that was lost on its way.

    Raises Invalid, IdempotencyConflict, and NotFound where a repeat comes after it was revoked.
    """
    token = secrets.token_urlsafe(TOKEN_BYTES)

    def work(session: Session) -> tuple[CalendarFeed, bool]:
        moment = desk.clinics.moment(session)
        if made := idempotency.begin(session, repeatable, moment.now):
            return _addressed_anew(session, made, token), True
        if faults := list(_unknown(moment.clinic, wish)):
            raise Invalid(faults)
        entry = CalendarFeed(
            id=uuid4(),
            hash=token_hash(token),
            label=wish.label,
            detail=wish.detail,
            practitioner=wish.practitioner,
            location=wish.location,
            created_at=moment.now,
            created_by=str(actor),
        )
        session.add(entry)
        session.flush()
        shown = {"detail": wish.detail, "practitioner": wish.practitioner, "location": wish.location}
        note(session, actor, "create", OBJECT, str(entry.id), moment.now, shown)
        idempotency.finish(session, repeatable, entry=entry.id)
        return entry, False

    entry, again = desk.db.attempt(work)
    return Made(entry, desk.feed_link(token), again)


def _addressed_anew(session: Session, id: UUID, token: str) -> CalendarFeed:
    entry = session.get(CalendarFeed, id, with_for_update=True)
    if entry is None or entry.revoked_at is not None:
        raise NotFound
    entry.hash = token_hash(token)
    return entry


def _unknown(clinic: Clinic, wish: FeedWish) -> Iterator[Fault]:
    if wish.practitioner is not None and clinic.practitioner(wish.practitioner) is None:
        yield Fault("/practitioner", "unknown")
    if wish.location is not None and clinic.location(wish.location) is None:
        yield Fault("/location", "unknown")


def list_feeds(session: Session) -> Sequence[CalendarFeed]:
    """All that there ever were, the oldest first."""
    return session.scalars(select(CalendarFeed).order_by(CalendarFeed.created_at, CalendarFeed.id)).all()


def read_feed(session: Session, id: UUID) -> CalendarFeed:
    """Raises NotFound."""
    entry = session.get(CalendarFeed, id)
    if entry is None:
        raise NotFound
    return entry


def revoke_feed(desk: Desk, id: UUID, actor: Actor) -> CalendarFeed:
    """From now on its address leads to nothing; a second time changes nothing. Raises NotFound."""

    def work(session: Session) -> CalendarFeed:
        entry = session.get(CalendarFeed, id, with_for_update=True)
        if entry is None:
            raise NotFound
        if entry.revoked_at is None:
            entry.revoked_at = desk.db.now(session)
            note(session, actor, "revoke", OBJECT, str(id), entry.revoked_at)
        return entry

    return desk.db.attempt(work)
