"""The safety questions: how often they come to what, and who asked to be called."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.db.models.base import Base


class TriageCount(Base):
    """How often the questions were answered with which outcome; not by whom."""

    __tablename__ = "triage_counts"

    on_date: Mapped[date] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(primary_key=True)
    outcome: Mapped[str] = mapped_column(primary_key=True)
    answers: Mapped[int] = mapped_column(BigInteger)


class Callback(Base):
    """Somebody who is to be called; the task for it has `callback:<id>` as its cause."""

    __tablename__ = "callbacks"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    """Of the answers: who sends them twice is called once."""
    name: Mapped[bytes]
    phone: Mapped[bytes]
    language: Mapped[str]
    answers: Mapped[bytes]
    """Sealed: the outcome and the ids of the questions with a yes."""
    created_at: Mapped[datetime]
