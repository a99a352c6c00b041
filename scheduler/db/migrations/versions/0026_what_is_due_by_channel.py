"""what is due is found by queue and channel: a backlog of mails is not read to find a text behind it

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _replace("queue", "channel", "next_at")


def downgrade() -> None:
    _replace("queue", "next_at")


def _replace(*columns: str) -> None:
    op.drop_index("messages_pending_idx", table_name="messages")
    pending = sa.text("state = 'pending'")
    op.create_index("messages_pending_idx", "messages", [*columns], unique=False, postgresql_where=pending)
