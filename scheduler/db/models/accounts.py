"""People of the clinic who sign in: their accounts, their sessions, and who tried too often."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.db.models.base import Base


class StaffAccount(Base):
    """Somebody who signs in; of the password only its argon2 hash is kept."""

    __tablename__ = "staff_accounts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    password_is_ours: Mapped[bool]
    """It was made for them at the command line: they have to choose their own before anything else."""
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    language: Mapped[str]
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class StaffSession(Base):
    """One sign-in on one browser; of the cookie only its SHA-256 is kept. A session that ended has no row."""

    __tablename__ = "staff_sessions"
    __table_args__ = (Index(None, "created_at"),)

    hash: Mapped[bytes] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("staff_accounts.id"), index=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class SignInTries(Base):
    """Failed tries of one kind: for an account's name, whether there is one or not, or from one address."""

    __tablename__ = "sign_in_tries"
    __table_args__ = (Index(None, "since"),)

    key: Mapped[bytes] = mapped_column(primary_key=True)
    """Keyed hash: what people type into a name's field is at times a password."""
    tries: Mapped[int]
    since: Mapped[datetime]
    """The first one of this row of tries."""
