"""What somebody agreed to, or refused: evidence, only ever added."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.db.models.base import Base


class Consent(Base):
    """What one person said to one text, for one visit. The last word of a kind counts."""

    __tablename__ = "consents"
    __table_args__ = (
        Index(None, "contact_hash", "id", postgresql_where=text("contact_hash IS NOT NULL")),
        CheckConstraint("given_by IN ('patient', 'booked_by')", name="given_by"),
        CheckConstraint("kind <> 'sms' OR contact_hash IS NOT NULL", name="sms_is_of_a_number"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    visit_id: Mapped[UUID] = mapped_column(ForeignKey("visits.id"), index=True)
    recipient_id: Mapped[UUID] = mapped_column(ForeignKey("recipients.id"), index=True)
    kind: Mapped[str]
    version: Mapped[str]
    language: Mapped[str]
    text_sha256: Mapped[bytes]
    """Of the text in that language."""
    granted: Mapped[bool]
    given_by: Mapped[str]
    """Whose word it is: the role that the recipient had then."""
    actor: Mapped[str]
    """Who entered it; of `staff:…` it was spoken."""
    contact_hash: Mapped[bytes | None]
    """Of consent to texts: keyed hash of the number."""
    client: Mapped[bytes | None]
    """Keyed hash of the address that it was sent from."""
    at: Mapped[datetime]
