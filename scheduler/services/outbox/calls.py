"""Messages that nothing but the phone brings: when they are due they become tasks for staff."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler.channels.outcome import Fence, Outcome, Verdict
from scheduler.db.engine import Database
from scheduler.services.ground.desk import Desk
from scheduler.services.outbox.claiming import Claimed, Held
from scheduler.services.tasks.calling import open_call


@dataclass(frozen=True, slots=True)
class Call:
    """Somebody is to be called about a visit, to say what a message says."""

    message: int
    visit: UUID
    template_version: ClassVar[None] = None
    """Nobody words it."""


def compose_call(session: Session, desk: Desk, held: Held) -> Call | None:
    """Alerts are never by phone: the clinic would call itself."""
    return Call(held.id, held.visit) if isinstance(held, Claimed) else None


class CallList:
    """A channel that ends at a desk. A message that comes twice is one task."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def deliver(self, call: Call, fence: Fence) -> Outcome:
        if not fence():
            return Outcome(Verdict.FENCED)
        with self._db.transaction() as session:
            now = self._db.now(session)
            open_call(session, call.message, call.visit, now, now)
        return Outcome(Verdict.SENT)
