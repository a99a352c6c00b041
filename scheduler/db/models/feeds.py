"""Calendars of ours that others subscribe to."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.db.models.base import Base, one_of
from scheduler.domain.feeds import Detail


class CalendarFeed(Base):
    """Which visits a feed shows: of all practitioners or locations, where none is named."""

    __tablename__ = "calendar_feeds"
    __table_args__ = (CheckConstraint(one_of("detail", Detail), name="detail"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    hash: Mapped[bytes] = mapped_column(unique=True)
    """SHA-256 of the token in its address."""
    label: Mapped[str]
    detail: Mapped[str]
    practitioner: Mapped[str | None]
    location: Mapped[str | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    revoked_at: Mapped[datetime | None]
