"""Writing down who did what: the visit's own history, and the audit of the whole service."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from scheduler.db.models import AuditEntry, VisitEvent
from scheduler.domain.actors import Actor
from scheduler.domain.visits import VisitStatus


def note_act(
    session: Session,
    visit: UUID,
    actor: Actor,
    act: str,
    was: VisitStatus | None,
    status: VisitStatus,
    sequence: int,
    now: datetime,
    reason: str | None = None,
) -> None:
    """One act on a visit, in its history and in the audit. `reason` is a code."""
    row = {
        "visit_id": visit,
        "at": now,
        "actor": str(actor),
        "act": act,
        "sequence": sequence,
        "reason": reason,
    }
    session.execute(insert(VisitEvent.table()), {**row, "from_status": was, "to_status": status})
    detail = {"from": was, "to": status, "sequence": sequence, "reason": reason}
    note(session, actor, act, "visit", str(visit), now, detail)


def note(
    session: Session,
    actor: Actor,
    act: str,
    object_kind: str,
    object_id: str | None,
    now: datetime,
    detail: Mapping[str, object] | None = None,
) -> None:
    """One entry of the audit. `detail` holds codes, counts and ids, nothing that a patient said."""
    row = {
        "at": now,
        "actor": str(actor),
        "act": act,
        "object_kind": object_kind,
        "object_id": object_id,
        "detail": dict(detail or {}),
    }
    session.execute(insert(AuditEntry.table()), row)
