"""Visits, whom they are told to, and the links that these people hold."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.db.models.base import Base, one_of
from scheduler.domain.clinic import Mode
from scheduler.domain.visits import VisitStatus


class Visit(Base):
    """A visit for life: id, uid and reference never change, `sequence` only grows.

    `start_wall`, `zone` and `fold` are the promise to the patient; `starts_at` and `ends_at` follow from
    them under `tzdata`. Minutes, buffers and label are those of the booking, whatever the file says later.
    """

    __tablename__ = "visits"
    __table_args__ = (
        CheckConstraint(one_of("status", VisitStatus), name="status"),
        CheckConstraint(one_of("mode", Mode), name="mode"),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        CheckConstraint("mode <> 'in_person' OR location IS NOT NULL", name="in_person_somewhere"),
        Index(None, "practitioner_id", "starts_at"),
        Index(None, "starts_at"),
        Index("visits_pending_idx", "answer_by", postgresql_where=text("status = 'pending'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    uid: Mapped[UUID] = mapped_column(unique=True)
    reference: Mapped[bytes]
    reference_hash: Mapped[bytes] = mapped_column(unique=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"), index=True)
    practitioner_id: Mapped[int] = mapped_column(ForeignKey("resources.id"))
    practitioner: Mapped[str]
    room_id: Mapped[int | None] = mapped_column(ForeignKey("resources.id"))
    location: Mapped[str | None]
    visit_type: Mapped[str]
    label: Mapped[str]
    mode: Mapped[str]
    status: Mapped[str]
    new_patient: Mapped[bool | None]
    state: Mapped[str | None]
    """Where the patient said to be during a visit by video; plain, as licences that end are found by it."""
    needs: Mapped[bytes | None]
    """Sealed: codes of the clinic file's needs, with commas between."""
    triage: Mapped[bytes | None]
    """Sealed: what the answers to the safety questions came to, by rule ids."""
    start_wall: Mapped[datetime] = mapped_column(DateTime(timezone=False))
    zone: Mapped[str]
    fold: Mapped[int]
    tzdata: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    minutes: Mapped[int]
    buffer_before: Mapped[int]
    buffer_after: Mapped[int]
    sequence: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    """Grows with every change of the row: the ETag."""
    clinic_version: Mapped[int] = mapped_column(ForeignKey("clinic_versions.id"))
    confirmed_at: Mapped[datetime | None]
    cancel_reason: Mapped[str | None]
    """A code of `domain.visits.CancelReason`."""
    answer_by: Mapped[datetime | None]
    """Until when staff have to approve a pending visit; then it expires."""
    moved_by_clinic_at: Mapped[datetime | None]
    """When the clinic last changed time or place: for 48 h the patient's own move has no cut-off."""
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    """When `sequence` last grew: LAST-MODIFIED of the calendar entry."""


class Recipient(Base):
    """Somebody who is told about a visit."""

    __tablename__ = "recipients"
    __table_args__ = (UniqueConstraint("visit_id", "role"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    visit_id: Mapped[UUID] = mapped_column(ForeignKey("visits.id"))
    role: Mapped[str]
    receives: Mapped[bool] = mapped_column(default=True)
    """Whether messages go here; a guardian of a minor gets them instead of the patient."""
    relationship: Mapped[str | None]
    """Of somebody who booked for the patient; a code."""
    name: Mapped[bytes]
    email: Mapped[bytes | None]
    email_hash: Mapped[bytes | None] = mapped_column(index=True)
    phone: Mapped[bytes | None]
    phone_hash: Mapped[bytes | None] = mapped_column(index=True)
    language: Mapped[str]
    timezone: Mapped[str | None]
    """Where the person lives by the clock; null where they did not say."""
    channels: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    """How the person wishes to hear of it; null where they did not say."""
    link_key: Mapped[str]
    """Id of the key that this recipient's links are derived with."""
    link_generation: Mapped[int] = mapped_column(default=0)


class Link(Base):
    """SHA-256 of a link that was handed out: what a caller brings is found here or is nothing."""

    __tablename__ = "links"

    hash: Mapped[bytes] = mapped_column(primary_key=True)
    recipient_id: Mapped[UUID] = mapped_column(ForeignKey("recipients.id"), index=True)
    purpose: Mapped[str]
    generation: Mapped[int]


class Claim(Base):
    """Time of a resource that is taken. The database refuses two that overlap."""

    __tablename__ = "claims"
    __table_args__ = (
        ExcludeConstraint(
            (text("int8range(resource_id, resource_id, '[]')"), "&&"),
            ("during", "&&"),
            using="gist",
            deferrable=True,
            initially="IMMEDIATE",
            name="claims_no_overlap",
        ),
        Index(None, "resource_id", "on_date"),
        CheckConstraint("num_nonnulls(visit_id, hold_id) = 1", name="of_visit_or_hold"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    visit_id: Mapped[UUID | None] = mapped_column(ForeignKey("visits.id"), index=True)
    hold_id: Mapped[UUID | None] = mapped_column(ForeignKey("holds.id", ondelete="CASCADE"), index=True)
    resource_id: Mapped[int] = mapped_column(ForeignKey("resources.id"))
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE())
    """With the buffers of the visit; without them where the resource is the patient."""
    visit_type: Mapped[str]
    on_date: Mapped[date]
    """Local date of the visit's start: daily limits and loads are counted by it."""
