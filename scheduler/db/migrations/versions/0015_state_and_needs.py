"""where the patient of a video visit is, and what a patient needs

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("visits", sa.Column("state", sa.Text(), nullable=True))
    op.add_column("visits", sa.Column("needs", sa.LargeBinary(), nullable=True))
    op.add_column("holds", sa.Column("extra_minutes", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("holds", "extra_minutes")
    op.drop_column("visits", "needs")
    op.drop_column("visits", "state")
