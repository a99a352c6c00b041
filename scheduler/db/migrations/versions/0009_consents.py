"""consents: who agreed to which text, when, and from where

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "consents",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("recipient_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("text_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("given_by", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("contact_hash", sa.LargeBinary(), nullable=True),
        sa.Column("client", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("given_by IN ('patient', 'booked_by')", name=op.f("consents_given_by_check")),
        sa.CheckConstraint(
            "kind <> 'sms' OR contact_hash IS NOT NULL", name=op.f("consents_sms_is_of_a_number_check")
        ),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("consents_visit_id_fkey")),
        sa.ForeignKeyConstraint(["recipient_id"], ["recipients.id"], name=op.f("consents_recipient_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("consents_pkey")),
    )
    op.create_index(op.f("consents_visit_id_idx"), "consents", ["visit_id"])
    op.create_index(op.f("consents_recipient_id_idx"), "consents", ["recipient_id"])
    op.create_index(
        op.f("consents_contact_hash_id_idx"),
        "consents",
        ["contact_hash", "id"],
        postgresql_where=sa.text("contact_hash IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_table("consents")
