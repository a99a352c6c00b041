"""messages that ended badly are found among millions

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "messages_unheard_idx",
        "messages",
        ["id"],
        postgresql_where=sa.text("state IN ('failed', 'bounced', 'unknown', 'expired')"),
    )


def downgrade() -> None:
    op.drop_index("messages_unheard_idx", table_name="messages")
