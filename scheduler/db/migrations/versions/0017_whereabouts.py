"""where patients of video visits said to be

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "whereabouts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("licensed", sa.Boolean(), nullable=False),
        sa.Column("place", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("stage IN ('before', 'gate')", name=op.f("whereabouts_stage_check")),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("whereabouts_visit_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("whereabouts_pkey")),
    )
    op.create_index(op.f("whereabouts_visit_id_idx"), "whereabouts", ["visit_id"])


def downgrade() -> None:
    op.drop_table("whereabouts")
