"""Patients: whom the clinic knows."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.db.models.base import Base


class Patient(Base):
    """A person; name and birth date are sealed, the hashes find them again."""

    __tablename__ = "patients"
    __table_args__ = (Index(None, "surname_hash", "birth_date_hash"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    resource_id: Mapped[int] = mapped_column(ForeignKey("resources.id"), unique=True)
    name: Mapped[bytes]
    birth_date: Mapped[bytes]
    surname_hash: Mapped[bytes]
    birth_date_hash: Mapped[bytes] = mapped_column(index=True)
    created_at: Mapped[datetime]


class PatientIdentity(Base):
    """Folded name, birth date and one contact, hashed: who agrees in all three is the same person."""

    __tablename__ = "patient_identities"

    hash: Mapped[bytes] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"), index=True)
