"""Where patients said to be."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.db.models.base import Base, one_of
from scheduler.domain.whereabouts import Stage


class Whereabouts(Base):
    """One answer; a later one does not replace it. They go a while after the visit."""

    __tablename__ = "whereabouts"
    __table_args__ = (CheckConstraint(one_of("stage", Stage), name="stage"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    visit_id: Mapped[UUID] = mapped_column(ForeignKey("visits.id"), index=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    stage: Mapped[str]
    licensed: Mapped[bool]
    """Whether the practitioner might see them there."""
    place: Mapped[bytes]
    """Sealed: state, number and address."""
