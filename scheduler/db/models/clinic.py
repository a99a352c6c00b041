"""The clinic as it was applied, and what of it can be occupied."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Identity, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.db.models.base import Base, one_of


class ClinicVersion(Base):
    """One applied clinic file; the newest is in force."""

    __tablename__ = "clinic_versions"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    applied_at: Mapped[datetime]
    document: Mapped[dict[str, Any]]


class ClinicProblem(Base):
    """Why the last clinic file was not applied; empty when all is well. One row."""

    __tablename__ = "clinic_problem"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=1)
    at: Mapped[datetime]
    faults: Mapped[str]


class ResourceKind(StrEnum):
    """In the order in which they are locked."""

    PRACTITIONER = "1-practitioner"
    ROOM = "2-room"
    PATIENT = "3-patient"


class Resource(Base):
    """Whoever or whatever can be in one place at a time; its row is the lock on its time."""

    __tablename__ = "resources"
    __table_args__ = (
        UniqueConstraint("kind", "code"),
        CheckConstraint(one_of("kind", ResourceKind), name="kind"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    kind: Mapped[str]
    code: Mapped[str | None]
    """The practitioner's code, or the location's and the room's as `location/room`; null for patients."""
