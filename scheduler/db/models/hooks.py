"""Programs elsewhere that want to know what becomes of visits."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.db.models.base import Base


class WebhookEndpoint(Base):
    """Where hooks go. One that was removed stays for its deliveries' sake, without address and secrets."""

    __tablename__ = "webhook_endpoints"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    label: Mapped[str]
    url: Mapped[bytes | None]
    secret: Mapped[bytes | None]
    former_secret: Mapped[bytes | None]
    former_until: Mapped[datetime | None]
    """Until then the former secret signs, too."""
    types: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    """Of `domain.hooks.TYPES`; null for all of them, also those that come later."""
    enabled: Mapped[bool]
    disabled_reason: Mapped[str | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    removed_at: Mapped[datetime | None]
