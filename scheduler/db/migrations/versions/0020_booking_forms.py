"""booking forms: what was answered so far, sealed, for an hour

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "form_drafts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("answers", sa.LargeBinary(), nullable=False),
        sa.Column("booked", sa.Boolean(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("form_drafts_pkey")),
    )
    op.create_index(op.f("form_drafts_expires_at_idx"), "form_drafts", ["expires_at"])


def downgrade() -> None:
    op.drop_table("form_drafts")
