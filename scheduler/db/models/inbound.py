"""Mails and texts that came in, and what patients' calendars answered. Nothing of what they say is kept."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.db.models.base import Base, one_of
from scheduler.domain.inbound import InboundOutcome, TextOutcome


class InboundMail(Base):
    """One mail; the same bytes again have no effect."""

    __tablename__ = "inbound_mails"
    __table_args__ = (
        CheckConstraint(one_of("outcome", InboundOutcome), name="outcome"),
        Index(None, "received_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    digest: Mapped[bytes] = mapped_column(unique=True)
    """SHA-256 of its bytes."""
    received_at: Mapped[datetime]
    outcome: Mapped[str]
    visit_id: Mapped[UUID | None] = mapped_column(ForeignKey("visits.id"), index=True)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"), index=True)
    """The message of ours that it speaks of."""
    status: Mapped[str]
    """What a bounce says, such as `5.1.1`; else empty."""


class Mailbox(Base):
    """How far the clinic's mailbox was read."""

    __tablename__ = "mailboxes"

    name: Mapped[str] = mapped_column(primary_key=True)
    """Whose, where, and which folder: of another one we know nothing."""
    validity: Mapped[int] = mapped_column(BigInteger)
    """IMAP's UIDVALIDITY: when it changes, UIDs are those of other mails."""
    last_uid: Mapped[int] = mapped_column(BigInteger)
    since: Mapped[datetime]
    """When we began to read it."""
    trying: Mapped[int | None] = mapped_column(BigInteger)
    """The UID of the mail that somebody reads at this moment, or died over."""
    tries: Mapped[int]
    read_at: Mapped[datetime | None]
    """When it was last read to its end, or as far as there was time."""
    failures: Mapped[int]
    """Since it last worked."""
    last_error: Mapped[str | None]
    """A code."""


class InviteAnswer(Base):
    """The newest answer of one recipient's calendar: newest by (sequence, stamp), as both were written."""

    __tablename__ = "invite_answers"

    recipient_id: Mapped[UUID] = mapped_column(ForeignKey("recipients.id"), primary_key=True)
    sequence: Mapped[int]
    stamp: Mapped[str]
    partstat: Mapped[str]
    at: Mapped[datetime]


class InboundText(Base):
    """One text; the same again has no effect."""

    __tablename__ = "inbound_texts"
    __table_args__ = (
        CheckConstraint(one_of("outcome", TextOutcome), name="outcome"),
        Index(None, "contact_hash", "received_at"),
    )

    reference: Mapped[str] = mapped_column(primary_key=True)
    """The provider's."""
    contact_hash: Mapped[bytes]
    """Of the number that it came from; empty once that is forgotten."""
    received_at: Mapped[datetime]
    outcome: Mapped[str]
    answered: Mapped[bool] = mapped_column(default=False)
