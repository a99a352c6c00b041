"""open requests, refused attempts and messages in trouble are found without reading all that there ever were

Revision ID: 0027
Revises: 0026
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pending, refused = sa.text("status = 'pending'"), sa.text("verdict = 'refused'")
    tried = sa.text("state = 'pending' AND attempt > 0")
    op.create_index("visits_pending_idx", "visits", ["answer_by"], unique=False, postgresql_where=pending)
    op.create_index(
        "message_attempts_refused_idx", "message_attempts", ["at"], unique=False, postgresql_where=refused
    )
    op.create_index("messages_tried_idx", "messages", ["due_at"], unique=False, postgresql_where=tried)


def downgrade() -> None:
    op.drop_index("messages_tried_idx", table_name="messages")
    op.drop_index("message_attempts_refused_idx", table_name="message_attempts")
    op.drop_index("visits_pending_idx", table_name="visits")
