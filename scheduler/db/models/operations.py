"""What the service keeps for its own running."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.db.models.base import Base


class IdempotencyKey(Base):
    """A request that had its effect: a repeat answers with what was made then."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index(None, "created_at"),)

    caller: Mapped[str] = mapped_column(primary_key=True)
    route: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    body_hash: Mapped[bytes]
    status: Mapped[int]
    visit_id: Mapped[UUID | None] = mapped_column(ForeignKey("visits.id"), index=True)
    hold_id: Mapped[UUID | None] = mapped_column(ForeignKey("holds.id", ondelete="SET NULL"), index=True)
    """Null again when the hold is gone: then a repeat may hold anew."""
    entry_id: Mapped[UUID | None]
    """Of what staff entered, in the table that the route is about; it may be deleted by now."""
    created_at: Mapped[datetime]


class Heartbeat(Base):
    """When a part of the service was last alive."""

    __tablename__ = "heartbeats"

    part: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]


class TimetableEntry(Base):
    """When a repeating piece of work is next due."""

    __tablename__ = "timetable"

    job: Mapped[str] = mapped_column(primary_key=True)
    next_run: Mapped[datetime]


class Errand(Base):
    """Something that a worker is to do on the network, for a row of something else; gone when it is done."""

    __tablename__ = "errands"
    __table_args__ = (Index(None, "next_at"),)

    work: Mapped[str] = mapped_column(primary_key=True)
    row: Mapped[str] = mapped_column(primary_key=True)
    """Which one: what stands here is for the work to understand."""
    next_at: Mapped[datetime]
    """Whoever moves it forward does it."""
    nudged_at: Mapped[datetime | None]
    """When a hint was last put on the queue."""
