"""What was written down, for whoever has to answer for it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from scheduler.db.models import AuditEntry
from scheduler.domain.actors import Actor
from scheduler.services.audit.writing import note
from scheduler.services.ground.pages import Page, cut


@dataclass(frozen=True, slots=True)
class Sought:
    """Which entries; all that is said must fit."""

    actor: str | None = None
    act: str | None = None
    object_kind: str | None = None
    object_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    """Exclusive."""

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        entry = AuditEntry
        exact = {
            entry.actor: self.actor,
            entry.act: self.act,
            entry.object_kind: self.object_kind,
            entry.object_id: self.object_id,
        }
        found = [column == value for column, value in exact.items() if value is not None]
        if self.since is not None:
            found.append(entry.at >= self.since)
        if self.until is not None:
            found.append(entry.at < self.until)
        return found


def read_audit(
    session: Session,
    sought: Sought,
    before: tuple[datetime, int] | None,
    limit: int,
    actor: Actor,
    now: datetime,
) -> Page[AuditEntry, int]:
    """The newest first. That somebody read it is written down there, too."""
    query = select(AuditEntry).where(*sought.conditions)
    if before:
        query = query.where(AuditEntry.id < before[1])
    newest = query.order_by(AuditEntry.id.desc()).limit(limit + 1)
    page = cut(session.scalars(newest).all(), limit, lambda entry: (entry.at, entry.id))
    note(session, actor, "read", "audit", None, now, {"count": len(page.items)})
    return page
