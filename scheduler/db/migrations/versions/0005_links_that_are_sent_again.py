"""links that are sent again, addresses that are given up, and those that want nothing

Revision ID: 0005
Revises: 0004
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

FORMER_KINDS = ("received", "confirmed", "changed", "cancelled", "declined", "expired", "reminder", "join")
KINDS = (*FORMER_KINDS, "links", "withdrawn")
FORMER_STATES = ("pending", "claimed", "handoff", "sent", "superseded", "expired", "failed", "unknown")
STATES = ("pending", "claimed", "handoff", "sent", "superseded", "skipped", "expired", "failed", "unknown")


def replace_check(column: str, values: tuple[str, ...]) -> None:
    op.drop_constraint(column, "messages", type_="check")
    op.create_check_constraint(column, "messages", f"{column} IN ({', '.join(map(repr, values))})")


def upgrade() -> None:
    replace_check("kind", KINDS)
    replace_check("state", STATES)


def downgrade() -> None:
    replace_check("state", FORMER_STATES)
    replace_check("kind", FORMER_KINDS)
