"""texts and calls beside mails: channels, what becomes of a text later, and what a recipient wishes

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

FORMER_CHANNELS = ("email", "webhook")
CHANNELS = (*FORMER_CHANNELS, "sms", "call")
FORMER_STATES = (
    "pending",
    "claimed",
    "handoff",
    "sent",
    "superseded",
    "skipped",
    "expired",
    "failed",
    "bounced",
    "unknown",
)
STATES = (*FORMER_STATES[:4], "delivered", *FORMER_STATES[4:])


def replace(column: str, values: tuple[str, ...]) -> None:
    op.drop_constraint(column, "messages", type_="check")
    op.create_check_constraint(column, "messages", f"{column} IN ({', '.join(map(repr, values))})")


def upgrade() -> None:
    replace("channel", CHANNELS)
    replace("state", STATES)
    op.add_column("messages", sa.Column("handed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("recipients", sa.Column("channels", postgresql.ARRAY(sa.Text()), nullable=True))
    op.create_index(
        "messages_provider_ref_idx",
        "messages",
        ["provider_ref"],
        postgresql_where=sa.text("channel = 'sms' AND provider_ref IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("messages_provider_ref_idx", table_name="messages")
    op.drop_column("recipients", "channels")
    op.drop_column("messages", "handed_at")
    op.execute("UPDATE messages SET state = 'sent' WHERE state = 'delivered'")
    attempts = "DELETE FROM message_attempts a USING messages m WHERE m.id = a.message_id AND m.channel IN ('sms', 'call')"
    op.execute(attempts)
    op.execute("DELETE FROM messages WHERE channel IN ('sms', 'call')")
    replace("state", FORMER_STATES)
    replace("channel", FORMER_CHANNELS)
