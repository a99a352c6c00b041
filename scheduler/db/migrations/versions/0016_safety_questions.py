"""the safety questions: counts without names, sealed results, and who asked to be called

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "triage_counts",
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("answers", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("on_date", "version", "outcome", name=op.f("triage_counts_pkey")),
    )
    op.create_table(
        "callbacks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("phone", sa.LargeBinary(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("answers", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("callbacks_pkey")),
    )
    op.add_column("visits", sa.Column("triage", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("visits", "triage")
    op.drop_table("callbacks")
    op.drop_table("triage_counts")
