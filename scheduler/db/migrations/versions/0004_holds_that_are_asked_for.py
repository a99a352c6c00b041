"""holds that are asked for

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("holds", "client", existing_type=sa.LargeBinary(), nullable=True)
    op.add_column("idempotency_keys", sa.Column("hold_id", sa.Uuid(), nullable=True))
    op.create_index(op.f("idempotency_keys_hold_id_idx"), "idempotency_keys", ["hold_id"], unique=False)
    op.create_foreign_key(
        op.f("idempotency_keys_hold_id_fkey"),
        "idempotency_keys",
        "holds",
        ["hold_id"],
        ["id"],
        ondelete="SET NULL",
    )


def downgrade() -> None:
    op.execute("DELETE FROM idempotency_keys WHERE visit_id IS NULL")  # of holds: they last ten minutes
    op.drop_constraint(op.f("idempotency_keys_hold_id_fkey"), "idempotency_keys", type_="foreignkey")
    op.drop_index(op.f("idempotency_keys_hold_id_idx"), table_name="idempotency_keys")
    op.drop_column("idempotency_keys", "hold_id")
    op.execute("DELETE FROM holds WHERE client IS NULL")
    op.alter_column("holds", "client", existing_type=sa.LargeBinary(), nullable=False)
