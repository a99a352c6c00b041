"""What happened: to a visit, and in the whole service, in a form that cannot be changed unnoticed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.db.models.base import Base


class VisitEvent(Base):
    """One act on a visit: who, when, from which status to which, and why."""

    __tablename__ = "visit_events"
    __table_args__ = (Index(None, "visit_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    visit_id: Mapped[UUID] = mapped_column(ForeignKey("visits.id"))
    at: Mapped[datetime]
    actor: Mapped[str]
    """`patient`, `booked_by`, `staff:<key name>` or `system`."""
    act: Mapped[str]
    from_status: Mapped[str | None]
    to_status: Mapped[str]
    sequence: Mapped[int]
    reason: Mapped[str | None]
    """A code, never free text of a patient."""


class AuditEntry(Base):
    """A change, or a read of patient data by staff. Append-only by trigger; sealed into a hash chain."""

    __tablename__ = "audit_entries"
    __table_args__ = (Index("audit_entries_unsealed_idx", "id", postgresql_where=text("seal IS NULL")),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    act: Mapped[str]
    object_kind: Mapped[str]
    object_id: Mapped[str | None]
    detail: Mapped[dict[str, Any]]
    """Codes, counts and ids; nothing that a patient said."""
    seal: Mapped[bytes | None]
    """SHA-256 over the seal before and this row; null until it is sealed."""
