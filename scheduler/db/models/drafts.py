"""Booking forms that are being filled in."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.db.models.base import Base


class FormDraft(Base):
    """What somebody has answered so far; whoever knows the id has the form. Gone an hour after the last."""

    __tablename__ = "form_drafts"
    __table_args__ = (Index(None, "expires_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    answers: Mapped[bytes]
    """Sealed JSON."""
    booked: Mapped[bool]
    """Then it says what was booked, and no answer of another window changes that."""
    expires_at: Mapped[datetime]
