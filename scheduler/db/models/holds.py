"""Time that is kept for somebody who is filling in the form."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.db.models.base import Base, one_of
from scheduler.domain.clinic import Mode


class Hold(Base):
    """Ten minutes of somebody's time; the id is the secret that books it."""

    __tablename__ = "holds"
    __table_args__ = (
        CheckConstraint(one_of("mode", Mode), name="mode"),
        Index(None, "client", "expires_at"),
        Index(None, "expires_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    visit_type: Mapped[str]
    mode: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    practitioner: Mapped[str]
    practitioner_id: Mapped[int] = mapped_column(ForeignKey("resources.id"))
    room_id: Mapped[int | None] = mapped_column(ForeignKey("resources.id"))
    location: Mapped[str | None]
    wish_practitioner: Mapped[str | None]
    """Who was asked for; null for anybody. With the rest it is what a booking must repeat."""
    wish_location: Mapped[str | None]
    extra_minutes: Mapped[int] = mapped_column(server_default="0")
    """By so much the needs that were named make it longer; which they are is nobody's business yet."""
    client: Mapped[bytes | None]
    """Keyed hash of the caller's address: holds of one client are counted. Null for staff, whose are not."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
