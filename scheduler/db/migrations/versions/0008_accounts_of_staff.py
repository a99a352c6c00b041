"""accounts of staff, their sessions, and who tried too often

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "staff_accounts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("password_is_ours", sa.Boolean(), nullable=False),
        sa.Column("scopes", ARRAY(sa.Text()), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("disabled_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("staff_accounts_pkey")),
        sa.UniqueConstraint("name", name=op.f("staff_accounts_name_key")),
    )
    op.create_table(
        "staff_sessions",
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("staff_sessions_pkey")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["staff_accounts.id"], name=op.f("staff_sessions_account_id_fkey")
        ),
    )
    op.create_index(op.f("staff_sessions_account_id_idx"), "staff_sessions", ["account_id"])
    op.create_index(op.f("staff_sessions_created_at_idx"), "staff_sessions", ["created_at"])
    op.create_table(
        "sign_in_tries",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("sign_in_tries_pkey")),
    )
    op.create_index(op.f("sign_in_tries_since_idx"), "sign_in_tries", ["since"])


def downgrade() -> None:
    for table in ("sign_in_tries", "staff_sessions", "staff_accounts"):
        op.drop_table(table)
