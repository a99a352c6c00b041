"""Calendars that others keep, and when practitioners are busy by them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, Range
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.db.models.base import Base


class OutsideCalendar(Base):
    """Where a practitioner's other calendar is; whoever has the address can read it."""

    __tablename__ = "outside_calendars"
    __table_args__ = (UniqueConstraint("resource_id", "address_hash"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    resource_id: Mapped[int] = mapped_column(ForeignKey("resources.id"))
    practitioner: Mapped[str]
    label: Mapped[str]
    host: Mapped[str]
    address: Mapped[bytes]
    address_hash: Mapped[bytes]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    tried_at: Mapped[datetime | None]
    fetched_at: Mapped[datetime | None]
    """When the source last gave a calendar, or said that it has not changed."""
    expanded_at: Mapped[datetime | None]
    """When busy times were last made of it: they reach so far ahead from then."""
    failures: Mapped[int] = mapped_column(default=0)
    """Since it last worked."""
    last_error: Mapped[str | None]
    """A code."""
    complete: Mapped[bool] = mapped_column(default=True)
    """Whether all events of the last one could be read."""
    etag: Mapped[str | None]
    last_modified: Mapped[str | None]


class BusyTime(Base):
    """Busy by another calendar. Like time off it may lie over visits: booking reads it under the lock."""

    __tablename__ = "busy_times"
    __table_args__ = (
        Index(
            "busy_times_during_idx",
            text("int8range(resource_id, resource_id, '[]')"),
            "during",
            postgresql_using="gist",
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    calendar_id: Mapped[UUID] = mapped_column(
        ForeignKey("outside_calendars.id", ondelete="CASCADE"), index=True
    )
    resource_id: Mapped[int] = mapped_column(ForeignKey("resources.id"))
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE())
