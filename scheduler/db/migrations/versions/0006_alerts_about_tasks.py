"""alerts: messages about a task of staff instead of a visit

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

FORMER_KINDS = (
    "received",
    "confirmed",
    "changed",
    "cancelled",
    "declined",
    "expired",
    "reminder",
    "join",
    "links",
    "withdrawn",
)
KINDS = (*FORMER_KINDS, "alert")
SUBJECT = """
num_nonnulls(visit_id, recipient_id) = CASE WHEN kind = 'alert' THEN 0 ELSE 2 END
AND num_nonnulls(task_id, alert_step, alert_to) = CASE WHEN kind = 'alert' THEN 3 ELSE 0 END
"""


def replace_kinds(values: tuple[str, ...]) -> None:
    op.drop_constraint("kind", "messages", type_="check")
    op.create_check_constraint("kind", "messages", f"kind IN ({', '.join(map(repr, values))})")


def upgrade() -> None:
    replace_kinds(KINDS)
    op.alter_column("messages", "visit_id", nullable=True)
    op.alter_column("messages", "recipient_id", nullable=True)
    op.add_column("messages", sa.Column("task_id", sa.BigInteger(), nullable=True))
    op.add_column("messages", sa.Column("alert_step", sa.Integer(), nullable=True))
    op.add_column("messages", sa.Column("alert_to", sa.Integer(), nullable=True))
    op.create_foreign_key(op.f("messages_task_id_fkey"), "messages", "tasks", ["task_id"], ["id"])
    op.create_check_constraint("subject", "messages", SUBJECT)
    op.create_index(
        "messages_alerts_idx",
        "messages",
        ["task_id", "alert_step", "alert_to", "channel"],
        unique=True,
        postgresql_where=sa.text("task_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.execute(
        "DELETE FROM message_attempts a USING messages m WHERE m.id = a.message_id AND m.task_id IS NOT NULL"
    )
    op.execute("DELETE FROM messages WHERE task_id IS NOT NULL")
    op.drop_index("messages_alerts_idx", table_name="messages")
    op.drop_constraint("subject", "messages", type_="check")
    for column in ("alert_to", "alert_step", "task_id"):
        op.drop_column("messages", column)
    op.alter_column("messages", "recipient_id", nullable=False)
    op.alter_column("messages", "visit_id", nullable=False)
    replace_kinds(FORMER_KINDS)
