"""Where visits by video take place."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.db.models.base import Base, one_of
from scheduler.domain.video import RoomState


class VideoRoom(Base):
    """A room of one visit at one time. A visit that moves gets another one."""

    __tablename__ = "video_rooms"
    __table_args__ = (
        CheckConstraint(one_of("state", RoomState), name="state"),
        CheckConstraint("state NOT IN ('ready', 'changing') OR room IS NOT NULL", name="open_somewhere"),
        Index(None, "visit_id"),
        Index(
            "video_rooms_live_idx",
            "visit_id",
            unique=True,
            postgresql_where=text("state IN ('wanted', 'ready', 'changing')"),
        ),
        Index(
            "video_rooms_to_do_idx",
            "id",
            postgresql_where=text("state IN ('wanted', 'changing', 'unwanted')"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    visit_id: Mapped[UUID] = mapped_column(ForeignKey("visits.id"))
    practitioner: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    vendor: Mapped[str]
    state: Mapped[str]
    room: Mapped[bytes | None]
    """Sealed: the vendor's id of it, and where guests enter. Never where the host does."""
    attempts: Mapped[int] = mapped_column(default=0)
    """In vain, since it last succeeded."""
    last_error: Mapped[str | None]
    created_at: Mapped[datetime]
