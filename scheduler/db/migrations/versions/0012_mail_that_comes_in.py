"""mail that comes in: bounces, complaints, answers of calendars

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
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
    "alert",
)
KINDS = (*FORMER_KINDS[:-1], "reply", "alert")
FORMER_STATES = (
    "pending",
    "claimed",
    "handoff",
    "sent",
    "superseded",
    "skipped",
    "expired",
    "failed",
    "unknown",
)
STATES = (*FORMER_STATES[:-1], "bounced", "unknown")
OUTCOMES = (
    "bounced",
    "delayed",
    "complaint",
    "confirmed",
    "declined",
    "recorded",
    "countered",
    "delegated",
    "stranger",
    "stale",
    "repeated",
    "unknown",
    "other",
    "set-aside",
)


def one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(map(repr, values))})"


def replace_check(column: str, values: tuple[str, ...]) -> None:
    op.drop_constraint(column, "messages", type_="check")
    op.create_check_constraint(column, "messages", one_of(column, values))


def upgrade() -> None:
    replace_check("kind", KINDS)
    replace_check("state", STATES)
    op.create_index(op.f("messages_message_id_idx"), "messages", ["message_id"])
    op.create_table(
        "inbound_mails",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=True),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.CheckConstraint(one_of("outcome", OUTCOMES), name=op.f("inbound_mails_outcome_check")),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("inbound_mails_visit_id_fkey")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("inbound_mails_message_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("inbound_mails_pkey")),
        sa.UniqueConstraint("digest", name=op.f("inbound_mails_digest_key")),
    )
    for column in ("received_at", "visit_id", "message_id"):
        op.create_index(op.f(f"inbound_mails_{column}_idx"), "inbound_mails", [column])
    op.create_table(
        "invite_answers",
        sa.Column("recipient_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("stamp", sa.Text(), nullable=False),
        sa.Column("partstat", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["recipient_id"], ["recipients.id"], name=op.f("invite_answers_recipient_id_fkey")
        ),
        sa.PrimaryKeyConstraint("recipient_id", name=op.f("invite_answers_pkey")),
    )


def downgrade() -> None:
    op.drop_table("invite_answers")
    op.drop_table("inbound_mails")
    op.drop_index(op.f("messages_message_id_idx"), table_name="messages")
    op.execute(
        "DELETE FROM message_attempts a USING messages m WHERE m.id = a.message_id AND m.kind = 'reply'"
    )
    op.execute("DELETE FROM messages WHERE kind = 'reply'")
    op.execute("UPDATE messages SET state = 'sent' WHERE state = 'bounced'")
    replace_check("state", FORMER_STATES)
    replace_check("kind", FORMER_KINDS)
