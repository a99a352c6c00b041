"""errands of workers, and queues for what goes to servers elsewhere

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

FORMER_QUEUES = ("urgent", "bulk")
QUEUES = (*FORMER_QUEUES, "hooks", "calendar")


def replace_queues(values: tuple[str, ...]) -> None:
    op.drop_constraint("queue", "messages", type_="check")
    op.create_check_constraint("queue", "messages", f"queue IN ({', '.join(map(repr, values))})")


def upgrade() -> None:
    replace_queues(QUEUES)
    op.create_table(
        "errands",
        sa.Column("work", sa.Text(), nullable=False),
        sa.Column("row", sa.Text(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("nudged_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("work", "row", name=op.f("errands_pkey")),
    )
    op.create_index(op.f("errands_next_at_idx"), "errands", ["next_at"])


def downgrade() -> None:
    op.drop_table("errands")
    op.execute("UPDATE messages SET queue = 'bulk' WHERE queue IN ('hooks', 'calendar')")
    replace_queues(FORMER_QUEUES)
