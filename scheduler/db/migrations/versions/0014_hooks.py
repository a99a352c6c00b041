"""hooks: programs elsewhere that hear of acts on visits

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

FORMER_KINDS = (
    "received",
    "confirmed",
    "changed",
    "cancelled",
    "declined",
    "expired",
    "reminder",
    "join",
    "links",
    "withdrawn",
    "reply",
    "alert",
)
FORMER_CHANNELS = ("email",)
FORMER_SUBJECT = """
num_nonnulls(visit_id, recipient_id) = CASE WHEN kind = 'alert' THEN 0 ELSE 2 END
AND num_nonnulls(task_id, alert_step, alert_to) = CASE WHEN kind = 'alert' THEN 3 ELSE 0 END
"""
SUBJECT = """
num_nonnulls(visit_id, recipient_id) = CASE kind WHEN 'alert' THEN 0 WHEN 'webhook' THEN 1 ELSE 2 END
AND num_nonnulls(visit_id, webhook_id, event_id)
= CASE kind WHEN 'alert' THEN 0 WHEN 'webhook' THEN 3 ELSE 1 END
AND num_nonnulls(task_id, alert_step, alert_to) = CASE WHEN kind = 'alert' THEN 3 ELSE 0 END
"""


def replace_check(name: str, condition: str) -> None:
    op.drop_constraint(name, "messages", type_="check")
    op.create_check_constraint(name, "messages", condition)


def one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(map(repr, values))})"


def upgrade() -> None:
    op.create_table(
        "webhook_endpoints",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("url", sa.LargeBinary(), nullable=True),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("former_secret", sa.LargeBinary(), nullable=True),
        sa.Column("former_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("types", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("disabled_reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("webhook_endpoints_pkey")),
    )
    op.add_column("messages", sa.Column("webhook_id", sa.Uuid(), nullable=True))
    op.add_column("messages", sa.Column("event_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("messages_webhook_id_fkey"), "messages", "webhook_endpoints", ["webhook_id"], ["id"]
    )
    op.create_foreign_key(op.f("messages_event_id_fkey"), "messages", "visit_events", ["event_id"], ["id"])
    replace_check("kind", one_of("kind", (*FORMER_KINDS, "webhook")))
    replace_check("channel", one_of("channel", (*FORMER_CHANNELS, "webhook")))
    replace_check("subject", SUBJECT)
    op.create_index(
        "messages_hooks_idx",
        "messages",
        ["webhook_id", "event_id"],
        unique=True,
        postgresql_where=sa.text("webhook_id IS NOT NULL"),
    )
    op.create_index(
        "messages_events_idx", "messages", ["event_id"], postgresql_where=sa.text("event_id IS NOT NULL")
    )


def downgrade() -> None:
    op.execute(
        "DELETE FROM message_attempts a USING messages m WHERE m.id = a.message_id AND m.kind = 'webhook'"
    )
    op.execute("DELETE FROM messages WHERE kind = 'webhook'")
    op.drop_index("messages_events_idx", table_name="messages")
    op.drop_index("messages_hooks_idx", table_name="messages")
    replace_check("subject", FORMER_SUBJECT)
    replace_check("channel", one_of("channel", FORMER_CHANNELS))
    replace_check("kind", one_of("kind", FORMER_KINDS))
    op.drop_column("messages", "event_id")
    op.drop_column("messages", "webhook_id")
    op.drop_table("webhook_endpoints")
