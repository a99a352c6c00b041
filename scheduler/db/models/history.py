"""What happened: to a visit, and in the whole service, in a form that cannot be changed unnoticed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, text
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
    __table_args__ = (
        Index("audit_entries_unsealed_idx", "id", postgresql_where=text("seal IS NULL")),
        CheckConstraint("(seal IS NULL) = (sealed_as IS NULL)", name="sealed_somewhere"),
    )

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
    sealed_as: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    """The place in the chain, from 1 without a gap. Not the id: one that was given first may commit last."""


class AuditHead(Base):
    """The end of the audit's chain: one that was cut off does not reach it. One row, which only grows."""

    __tablename__ = "audit_head"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=1)
    sealed_as: Mapped[int] = mapped_column(BigInteger)
    seal: Mapped[bytes]
