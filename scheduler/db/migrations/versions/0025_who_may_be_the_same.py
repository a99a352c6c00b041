"""who has a surname and a birth date is found by both: thousands have some surnames

Revision ID: 0025
Revises: 0024
"""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        op.f("patients_surname_hash_birth_date_hash_idx"),
        "patients",
        ["surname_hash", "birth_date_hash"],
        unique=False,
    )
    op.drop_index(op.f("patients_surname_hash_idx"), table_name="patients")


def downgrade() -> None:
    op.create_index(op.f("patients_surname_hash_idx"), "patients", ["surname_hash"], unique=False)
    op.drop_index(op.f("patients_surname_hash_birth_date_hash_idx"), table_name="patients")
