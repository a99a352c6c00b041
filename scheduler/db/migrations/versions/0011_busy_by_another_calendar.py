"""busy by another calendar: where it is, and the time that it takes

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outside_calendars",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("resource_id", sa.BigInteger(), nullable=False),
        sa.Column("practitioner", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("address_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expanded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["resources.id"], name=op.f("outside_calendars_resource_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("outside_calendars_pkey")),
        sa.UniqueConstraint(
            "resource_id", "address_hash", name=op.f("outside_calendars_resource_id_address_hash_key")
        ),
    )
    op.create_table(
        "busy_times",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("calendar_id", sa.Uuid(), nullable=False),
        sa.Column("resource_id", sa.BigInteger(), nullable=False),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        sa.ForeignKeyConstraint(
            ["calendar_id"],
            ["outside_calendars.id"],
            name=op.f("busy_times_calendar_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["resource_id"], ["resources.id"], name=op.f("busy_times_resource_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("busy_times_pkey")),
    )
    op.create_index(op.f("busy_times_calendar_id_idx"), "busy_times", ["calendar_id"])
    op.create_index(
        "busy_times_during_idx",
        "busy_times",
        [sa.literal_column("int8range(resource_id, resource_id, '[]')"), "during"],
        postgresql_using="gist",
    )


def downgrade() -> None:
    op.drop_table("busy_times")
    op.drop_table("outside_calendars")
