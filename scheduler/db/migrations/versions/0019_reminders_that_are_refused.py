"""reminders that are refused: addresses that want none

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "refused_reminders",
        sa.Column("email_hash", sa.LargeBinary(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("email_hash", name=op.f("refused_reminders_pkey")),
    )


def downgrade() -> None:
    op.drop_table("refused_reminders")
    op.execute("DELETE FROM links WHERE purpose = 'unsubscribe'")
