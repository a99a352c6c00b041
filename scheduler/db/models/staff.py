"""What staff work with: keys, their own time, and what has to be done."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, TSTZRANGE, Range
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.db.models.base import Base


class ApiKey(Base):
    """A key of staff; only its SHA-256 is kept."""

    __tablename__ = "api_keys"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    hash: Mapped[bytes] = mapped_column(unique=True)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class TimeOff(Base):
    """A practitioner is away; may lie over visits, which staff then call."""

    __tablename__ = "time_off"
    __table_args__ = (
        Index(
            "time_off_during_idx",
            text("int8range(resource_id, resource_id, '[]')"),
            "during",
            postgresql_using="gist",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    resource_id: Mapped[int] = mapped_column(ForeignKey("resources.id"))
    practitioner: Mapped[str]
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE())
    created_at: Mapped[datetime]
    created_by: Mapped[str]


class ExtraHours(Base):
    """A practitioner works beyond the weekly hours."""

    __tablename__ = "extra_hours"
    __table_args__ = (
        Index(
            "extra_hours_during_idx",
            text("int8range(resource_id, resource_id, '[]')"),
            "during",
            postgresql_using="gist",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    resource_id: Mapped[int] = mapped_column(ForeignKey("resources.id"))
    practitioner: Mapped[str]
    location: Mapped[str | None]
    modes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE())
    created_at: Mapped[datetime]
    created_by: Mapped[str]


class Task(Base):
    """Something that a person of the clinic has to do."""

    __tablename__ = "tasks"
    __table_args__ = (
        Index("tasks_open_idx", "due_at", "id", postgresql_where=text("done_at IS NULL")),
        Index(None, "visit_id"),
        Index(
            "tasks_once_idx",
            "visit_id",
            "kind",
            "cause",
            unique=True,
            postgresql_where=text("done_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    kind: Mapped[str]
    visit_id: Mapped[UUID | None] = mapped_column(ForeignKey("visits.id"))
    cause: Mapped[str]
    """What opened it, such as a message's id; one open task for each kind, visit and cause."""
    due_at: Mapped[datetime]
    created_at: Mapped[datetime]
    claimed_by: Mapped[str | None]
    claimed_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    done_by: Mapped[str | None]
    note: Mapped[bytes | None]
    """Sealed: what staff wrote."""


class RefusedReminders(Base):
    """A mail address that wants no reminders; everything else goes there."""

    __tablename__ = "refused_reminders"

    email_hash: Mapped[bytes] = mapped_column(primary_key=True)
    since: Mapped[datetime]


class Suppression(Base):
    """A contact that nothing is sent to any more."""

    __tablename__ = "suppressions"
    __table_args__ = (CheckConstraint("channel IN ('email', 'sms')", name="channel"),)

    channel: Mapped[str] = mapped_column(primary_key=True)
    contact_hash: Mapped[bytes] = mapped_column(primary_key=True)
    since: Mapped[datetime]
    reason: Mapped[str]
