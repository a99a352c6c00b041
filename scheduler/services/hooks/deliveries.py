"""What became of hooks, and sending them again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select, tuple_, update
from sqlalchemy.orm import Session

from scheduler.db.models import Message, VisitEvent, WebhookEndpoint
from scheduler.domain.actors import Actor
from scheduler.domain.errors import NotFound
from scheduler.domain.hooks import COUNTS, event_type
from scheduler.domain.messages import OPEN, Hint, MessageState, Queue
from scheduler.domain.visits import VisitStatus
from scheduler.services.audit.writing import note
from scheduler.services.ground.desk import Desk
from scheduler.services.ground.pages import Page, cut
from scheduler.services.telling.attempts import Attempt, attempts_of

MOST_REPLAYED = 1_000
"""At once; more are replayed by asking again."""


@dataclass(frozen=True, slots=True)
class Delivery:
    id: int
    webhook: UUID
    type: str
    visit: UUID
    happened_at: datetime
    state: str
    next_at: datetime | None
    """When it is tried (again); None once it is at its end."""
    attempts: Sequence[Attempt]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deliveries."""

    webhook: UUID | None = None
    state: MessageState | None = None
    visit: UUID | None = None

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        wanted = {Message.webhook_id: self.webhook, Message.state: self.state, Message.visit_id: self.visit}
        return [column == value for column, value in wanted.items() if value is not None]


def list_deliveries(
    session: Session, wanted: Wanted, after: tuple[datetime, int] | None, limit: int
) -> Page[Delivery, int]:
    """The newest first."""
    query = _hooks().where(*wanted.conditions)
    if after:
        query = query.where(tuple_(Message.created_at, Message.id) < after)
    newest = query.order_by(Message.created_at.desc(), Message.id.desc()).limit(limit + 1)
    rows = session.execute(newest).all()
    page = cut(rows, limit, lambda row: (row[0].created_at, row[0].id))
    attempts = attempts_of(session, [message.id for message, _ in page.items])
    found = [_delivery(message, event, attempts.get(message.id, [])) for message, event in page.items]
    return Page(found, page.next)


def replay(
    desk: Desk, webhook: UUID, since: datetime | None, delivery: int | None, actor: Actor
) -> list[Hint]:
    """Send an endpoint again what it did not take, or one delivery whatever became of it; with the same ids.

    Raises NotFound for an endpoint that gets nothing, and for a delivery that is none of its.
    """

    def work(session: Session) -> list[Hint]:
        now = desk.db.now(session)
        _check(session, webhook)
        which = Message.id == delivery if delivery is not None else _missed(since)
        chosen = (
            select(Message.id)
            .where(Message.webhook_id == webhook, Message.state.not_in(OPEN), which)
            .order_by(Message.id)
            .limit(MOST_REPLAYED)
            .with_for_update(key_share=True)
        )
        again = update(Message).where(Message.id.in_(chosen))
        fresh = {"state": MessageState.PENDING, "due_at": now, "next_at": now, "expires_at": now + COUNTS}
        ids = session.scalars(
            again.values(**fresh, token=None, finished_at=None, nudged_at=now).returning(Message.id)
        ).all()
        if delivery is not None and not ids and not _on_its_way(session, webhook, delivery):
            raise NotFound
        note(session, actor, "replay", "webhook", str(webhook), now, {"count": len(ids)})
        return [Hint(id, Queue.HOOKS) for id in sorted(ids)]

    return desk.db.attempt(work)


def _missed(since: datetime | None) -> ColumnElement[bool]:
    missed = Message.state != MessageState.SENT
    return missed & (Message.created_at >= since) if since else missed


def _check(session: Session, webhook: UUID) -> None:
    enabled = select(WebhookEndpoint.enabled).where(WebhookEndpoint.id == webhook)
    if not session.execute(enabled).scalar_one_or_none():
        raise NotFound


def _on_its_way(session: Session, webhook: UUID, delivery: int) -> bool:
    there = select(Message.id).where(Message.id == delivery, Message.webhook_id == webhook)
    return session.execute(there).first() is not None


def _hooks() -> Select[Message, VisitEvent]:
    return select(Message, VisitEvent).join(VisitEvent, VisitEvent.id == Message.event_id)


def _delivery(message: Message, event: VisitEvent, attempts: Sequence[Attempt]) -> Delivery:
    assert message.webhook_id
    return Delivery(
        id=message.id,
        webhook=message.webhook_id,
        type=event_type(event.act, VisitStatus(event.to_status)) or "",
        visit=event.visit_id,
        happened_at=event.at,
        state=message.state,
        next_at=message.next_at if message.state in OPEN else None,
        attempts=attempts,
    )
