"""video rooms: where visits by video take place

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "video_rooms",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("practitioner", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("vendor", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("room", sa.LargeBinary(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('wanted', 'ready', 'changing', 'unwanted', 'gone')",
            name=op.f("video_rooms_state_check"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('ready', 'changing') OR room IS NOT NULL",
            name=op.f("video_rooms_open_somewhere_check"),
        ),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("video_rooms_visit_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("video_rooms_pkey")),
    )
    op.create_index(op.f("video_rooms_visit_id_idx"), "video_rooms", ["visit_id"])
    op.create_index(
        "video_rooms_live_idx",
        "video_rooms",
        ["visit_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('wanted', 'ready', 'changing')"),
    )
    op.create_index(
        "video_rooms_to_do_idx",
        "video_rooms",
        ["id"],
        postgresql_where=sa.text("state IN ('wanted', 'changing', 'unwanted')"),
    )


def downgrade() -> None:
    op.drop_table("video_rooms")
