"""Messages: a row is the job, and a queue carries only hints of it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.db.models.base import Base, one_of
from scheduler.domain.messages import ChannelName, MessageKind, MessageState, Queue

SUBJECT = """
num_nonnulls(visit_id, recipient_id) = CASE kind WHEN 'alert' THEN 0 WHEN 'webhook' THEN 1 ELSE 2 END
AND num_nonnulls(visit_id, webhook_id, event_id)
= CASE kind WHEN 'alert' THEN 0 WHEN 'webhook' THEN 3 ELSE 1 END
AND num_nonnulls(task_id, alert_step, alert_to) = CASE WHEN kind = 'alert' THEN 3 ELSE 0 END
"""

UNHEARD = "state IN ('failed', 'bounced', 'unknown', 'expired')"


class Message(Base):
    """One thing to tell one recipient over one channel; never an address.

    It is about a visit, an alert about a task, or a hook about an act.
    """

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("visit_id", "sequence", "kind", "offset_minutes", "channel", "recipient_id"),
        CheckConstraint(one_of("kind", MessageKind), name="kind"),
        CheckConstraint(SUBJECT, name="subject"),
        CheckConstraint(one_of("state", MessageState), name="state"),
        CheckConstraint(one_of("channel", ChannelName), name="channel"),
        CheckConstraint(one_of("queue", Queue), name="queue"),
        Index(
            "messages_pending_idx", "queue", "channel", "next_at", postgresql_where=text("state = 'pending'")
        ),
        Index("messages_tried_idx", "due_at", postgresql_where=text("state = 'pending' AND attempt > 0")),
        Index("messages_expiring_idx", "expires_at", postgresql_where=text("state = 'pending'")),
        Index("messages_held_idx", "token", postgresql_where=text("state IN ('claimed', 'handoff')")),
        Index("messages_unheard_idx", "id", postgresql_where=text(UNHEARD)),
        Index(None, "recipient_id"),
        Index(None, "message_id"),
        Index(
            "messages_hooks_idx",
            "webhook_id",
            "event_id",
            unique=True,
            postgresql_where=text("webhook_id IS NOT NULL"),
        ),
        Index("messages_events_idx", "event_id", postgresql_where=text("event_id IS NOT NULL")),
        Index(
            "messages_provider_ref_idx",
            "provider_ref",
            postgresql_where=text("channel = 'sms' AND provider_ref IS NOT NULL"),
        ),
        Index(
            "messages_alerts_idx",
            "task_id",
            "alert_step",
            "alert_to",
            "channel",
            unique=True,
            postgresql_where=text("task_id IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    visit_id: Mapped[UUID | None] = mapped_column(ForeignKey("visits.id"))
    recipient_id: Mapped[UUID | None] = mapped_column(ForeignKey("recipients.id"))
    task_id: Mapped[int | None] = mapped_column(ForeignKey("tasks.id"))
    alert_step: Mapped[int | None]
    """Which list of the clinic file's `alerts`: see `domain/alerts.py`."""
    alert_to: Mapped[int | None]
    """Which address of that list, from 0."""
    webhook_id: Mapped[UUID | None] = mapped_column(ForeignKey("webhook_endpoints.id"))
    event_id: Mapped[int | None] = mapped_column(ForeignKey("visit_events.id"))
    """The act that a hook tells of."""
    sequence: Mapped[int]
    kind: Mapped[str]
    offset_minutes: Mapped[int]
    channel: Mapped[str]
    queue: Mapped[str]
    state: Mapped[str]
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    next_at: Mapped[datetime]
    """When it may be tried (again); the first time this is `due_at`."""
    nudged_at: Mapped[datetime | None]
    """When a hint was last put on the queue."""
    attempt: Mapped[int] = mapped_column(default=0)
    handoffs: Mapped[int] = mapped_column(default=0)
    """How often it passed the fence and was not refused after it: the copies that may exist."""
    token: Mapped[UUID | None]
    """Whoever holds this value may go on with the message; each claim makes a new one."""
    claimed_by: Mapped[str | None]
    message_id: Mapped[str]
    """Of the mail; made once, the same on every attempt."""
    made_at: Mapped[datetime | None]
    """The first claim: Date and DTSTAMP on every attempt."""
    clinic_version: Mapped[int | None] = mapped_column(ForeignKey("clinic_versions.id"))
    """The clinic as it was at the first claim, so that every attempt has the same words."""
    template_version: Mapped[str | None]
    handed_at: Mapped[datetime | None]
    """When it last passed the fence."""
    provider_ref: Mapped[str | None]
    last_error: Mapped[str | None]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class MessageAttempt(Base):
    """One try to hand a message over; only ever added."""

    __tablename__ = "message_attempts"
    __table_args__ = (
        Index(None, "message_id", "at"),
        Index("message_attempts_refused_idx", "at", postgresql_where=text("verdict = 'refused'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"))
    attempt: Mapped[int]
    at: Mapped[datetime]
    worker: Mapped[str]
    verdict: Mapped[str]
    code: Mapped[str]
    detail: Mapped[str]
    reference: Mapped[str]


class ChannelPause(Base):
    """A channel whose provider refuses us: nothing is claimed for it but a probe now and then."""

    __tablename__ = "channel_pauses"

    channel: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime]
    reason: Mapped[str]
    next_probe_at: Mapped[datetime]
