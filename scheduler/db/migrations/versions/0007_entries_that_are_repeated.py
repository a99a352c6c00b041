"""what staff enter may be sent again under an idempotency key

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("idempotency_keys", sa.Column("entry_id", sa.Uuid()))


def downgrade() -> None:
    op.drop_column("idempotency_keys", "entry_id")
