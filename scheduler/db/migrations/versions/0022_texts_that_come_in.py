"""texts that come in: which one it was, from which number and what it led to, never its words

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

OUTCOMES = (
    "confirmed",
    "links",
    "stopped",
    "started",
    "not-started",
    "wrong-number",
    "help",
    "not-understood",
    "nothing",
)


def upgrade() -> None:
    op.create_table(
        "inbound_texts",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("contact_hash", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("answered", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            f"outcome IN ({', '.join(map(repr, OUTCOMES))})", name=op.f("inbound_texts_outcome_check")
        ),
        sa.PrimaryKeyConstraint("reference", name=op.f("inbound_texts_pkey")),
    )
    op.create_index(
        op.f("inbound_texts_contact_hash_received_at_idx"), "inbound_texts", ["contact_hash", "received_at"]
    )


def downgrade() -> None:
    op.drop_table("inbound_texts")
