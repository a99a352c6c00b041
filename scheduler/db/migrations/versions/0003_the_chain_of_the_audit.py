"""the chain of the audit

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


ENTRY_GUARD = """
    CREATE OR REPLACE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        -- The one thing that may happen to a row: it gets its seal and its place in the chain, and nothing
        -- else of it changes.
        IF TG_OP = 'UPDATE' AND OLD.seal IS NULL AND NEW.seal IS NOT NULL
           AND (to_jsonb(NEW) - 'seal' - 'sealed_as') = (to_jsonb(OLD) - 'seal' - 'sealed_as') THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'the audit is append-only' USING ERRCODE = 'restrict_violation';
    END $$
"""

FORMER_ENTRY_GUARD = """
    CREATE OR REPLACE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        -- The one thing that may happen to a row: it gets its seal, and nothing else of it changes.
        IF TG_OP = 'UPDATE' AND OLD.seal IS NULL AND NEW.seal IS NOT NULL
           AND (to_jsonb(NEW) - 'seal') = (to_jsonb(OLD) - 'seal') THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'the audit is append-only' USING ERRCODE = 'restrict_violation';
    END $$
"""

HEAD_GUARD = (
    """
    CREATE FUNCTION audit_head_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE' AND NEW.sealed_as > OLD.sealed_as THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'the head of the audit only grows' USING ERRCODE = 'restrict_violation';
    END $$
    """,
    """
    CREATE TRIGGER audit_head_grows BEFORE UPDATE OR DELETE ON audit_head
    FOR EACH ROW EXECUTE FUNCTION audit_head_only_grows()
    """,
    """
    CREATE TRIGGER audit_head_stays BEFORE TRUNCATE ON audit_head
    FOR EACH STATEMENT EXECUTE FUNCTION audit_head_only_grows()
    """,
)


def upgrade() -> None:
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("sealed_as", sa.BigInteger(), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("audit_head_single_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("audit_head_pkey")),
    )
    op.add_column("audit_entries", sa.Column("sealed_as", sa.BigInteger(), nullable=True))
    op.create_unique_constraint(op.f("audit_entries_sealed_as_key"), "audit_entries", ["sealed_as"])
    op.create_check_constraint("sealed_somewhere", "audit_entries", "(seal IS NULL) = (sealed_as IS NULL)")
    for statement in (ENTRY_GUARD, *HEAD_GUARD):
        op.execute(statement)


def downgrade() -> None:
    op.execute(FORMER_ENTRY_GUARD)
    op.drop_constraint("sealed_somewhere", "audit_entries", type_="check")
    op.drop_constraint(op.f("audit_entries_sealed_as_key"), "audit_entries", type_="unique")
    op.drop_column("audit_entries", "sealed_as")
    op.drop_table("audit_head")
    op.execute("DROP FUNCTION audit_head_only_grows")
