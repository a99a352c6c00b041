"""the whole life of a visit

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


STATUSES = (
    "pending",
    "booked",
    "arrived",
    "checked-in",
    "fulfilled",
    "noshow",
    "cancelled",
    "entered-in-error",
)
KINDS = ("received", "confirmed", "changed", "cancelled", "declined", "expired", "reminder", "join")
FORMER_STATUSES = ("pending", "booked")
FORMER_KINDS = ("received", "confirmed", "reminder", "join")

AUDIT_GUARD = (
    """
    CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        -- The one thing that may happen to a row: it gets its seal, and nothing else of it changes.
        IF TG_OP = 'UPDATE' AND OLD.seal IS NULL AND NEW.seal IS NOT NULL
           AND (to_jsonb(NEW) - 'seal') = (to_jsonb(OLD) - 'seal') THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'the audit is append-only' USING ERRCODE = 'restrict_violation';
    END $$
    """,
    """
    CREATE TRIGGER audit_rows_stay BEFORE UPDATE OR DELETE ON audit_entries
    FOR EACH ROW EXECUTE FUNCTION audit_is_append_only()
    """,
    """
    CREATE TRIGGER audit_stays BEFORE TRUNCATE ON audit_entries
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()
    """,
)


def replace_check(table: str, column: str, values: tuple[str, ...]) -> None:
    op.drop_constraint(column, table, type_="check")
    op.create_check_constraint(column, table, f"{column} IN ({', '.join(map(repr, values))})")


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("api_keys_pkey")),
        sa.UniqueConstraint("hash", name=op.f("api_keys_hash_key")),
        sa.UniqueConstraint("name", name=op.f("api_keys_name_key")),
    )
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("object_kind", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=True),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("audit_entries_pkey")),
    )
    op.create_index(
        "audit_entries_unsealed_idx",
        "audit_entries",
        ["id"],
        unique=False,
        postgresql_where=sa.text("seal IS NULL"),
    )
    op.create_table(
        "suppressions",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("contact_hash", sa.LargeBinary(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint("channel IN ('email', 'sms')", name=op.f("suppressions_channel_check")),
        sa.PrimaryKeyConstraint("channel", "contact_hash", name=op.f("suppressions_pkey")),
    )
    op.create_table(
        "extra_hours",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("resource_id", sa.BigInteger(), nullable=False),
        sa.Column("practitioner", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("modes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["resource_id"], ["resources.id"], name=op.f("extra_hours_resource_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("extra_hours_pkey")),
    )
    op.create_index(
        "extra_hours_during_idx",
        "extra_hours",
        [sa.literal_column("int8range(resource_id, resource_id, '[]')"), "during"],
        unique=False,
        postgresql_using="gist",
    )
    op.create_table(
        "holds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("visit_type", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("practitioner", sa.Text(), nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=False),
        sa.Column("room_id", sa.BigInteger(), nullable=True),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("wish_practitioner", sa.Text(), nullable=True),
        sa.Column("wish_location", sa.Text(), nullable=True),
        sa.Column("client", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("mode IN ('in_person', 'telemedicine')", name=op.f("holds_mode_check")),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["resources.id"], name=op.f("holds_practitioner_id_fkey")
        ),
        sa.ForeignKeyConstraint(["room_id"], ["resources.id"], name=op.f("holds_room_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("holds_pkey")),
    )
    op.create_index(op.f("holds_client_expires_at_idx"), "holds", ["client", "expires_at"], unique=False)
    op.create_index(op.f("holds_expires_at_idx"), "holds", ["expires_at"], unique=False)
    op.create_table(
        "time_off",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("resource_id", sa.BigInteger(), nullable=False),
        sa.Column("practitioner", sa.Text(), nullable=False),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["resource_id"], ["resources.id"], name=op.f("time_off_resource_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("time_off_pkey")),
    )
    op.create_index(
        "time_off_during_idx",
        "time_off",
        [sa.literal_column("int8range(resource_id, resource_id, '[]')"), "during"],
        unique=False,
        postgresql_using="gist",
    )
    op.create_table(
        "tasks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=True),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.Text(), nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("tasks_visit_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("tasks_pkey")),
    )
    op.create_index(
        "tasks_once_idx",
        "tasks",
        ["visit_id", "kind", "cause"],
        unique=True,
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_index(
        "tasks_open_idx", "tasks", ["due_at", "id"], unique=False, postgresql_where=sa.text("done_at IS NULL")
    )
    op.create_index(op.f("tasks_visit_id_idx"), "tasks", ["visit_id"], unique=False)
    op.create_table(
        "visit_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("from_status", sa.Text(), nullable=True),
        sa.Column("to_status", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("visit_events_visit_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("visit_events_pkey")),
    )
    op.create_index(op.f("visit_events_visit_id_id_idx"), "visit_events", ["visit_id", "id"], unique=False)
    op.add_column("claims", sa.Column("hold_id", sa.Uuid(), nullable=True))
    op.alter_column("claims", "visit_id", existing_type=sa.UUID(), nullable=True)
    op.create_index(op.f("claims_hold_id_idx"), "claims", ["hold_id"], unique=False)
    op.create_foreign_key(
        op.f("claims_hold_id_fkey"), "claims", "holds", ["hold_id"], ["id"], ondelete="CASCADE"
    )
    op.add_column("recipients", sa.Column("receives", sa.Boolean(), nullable=False, server_default="true"))
    op.alter_column("recipients", "receives", server_default=None)
    op.add_column("recipients", sa.Column("relationship", sa.Text(), nullable=True))
    op.add_column("visits", sa.Column("cancel_reason", sa.Text(), nullable=True))
    op.add_column("visits", sa.Column("answer_by", sa.DateTime(timezone=True), nullable=True))
    op.add_column("visits", sa.Column("moved_by_clinic_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint("of_visit_or_hold", "claims", "num_nonnulls(visit_id, hold_id) = 1")
    replace_check("visits", "status", STATUSES)
    replace_check("messages", "kind", KINDS)
    for statement in AUDIT_GUARD:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TRIGGER audit_stays ON audit_entries")
    op.execute("DROP TRIGGER audit_rows_stay ON audit_entries")
    op.execute("DROP FUNCTION audit_is_append_only")
    replace_check("visits", "status", FORMER_STATUSES)
    replace_check("messages", "kind", FORMER_KINDS)
    op.drop_constraint("of_visit_or_hold", "claims", type_="check")
    op.drop_column("visits", "moved_by_clinic_at")
    op.drop_column("visits", "answer_by")
    op.drop_column("visits", "cancel_reason")
    op.drop_column("recipients", "relationship")
    op.drop_column("recipients", "receives")
    op.drop_constraint(op.f("claims_hold_id_fkey"), "claims", type_="foreignkey")
    op.drop_index(op.f("claims_hold_id_idx"), table_name="claims")
    op.alter_column("claims", "visit_id", existing_type=sa.UUID(), nullable=False)
    op.drop_column("claims", "hold_id")
    op.drop_index(op.f("visit_events_visit_id_id_idx"), table_name="visit_events")
    op.drop_table("visit_events")
    op.drop_index(op.f("tasks_visit_id_idx"), table_name="tasks")
    op.drop_index("tasks_open_idx", table_name="tasks", postgresql_where=sa.text("done_at IS NULL"))
    op.drop_index("tasks_once_idx", table_name="tasks", postgresql_where=sa.text("done_at IS NULL"))
    op.drop_table("tasks")
    op.drop_index("time_off_during_idx", table_name="time_off", postgresql_using="gist")
    op.drop_table("time_off")
    op.drop_index(op.f("holds_expires_at_idx"), table_name="holds")
    op.drop_index(op.f("holds_client_expires_at_idx"), table_name="holds")
    op.drop_table("holds")
    op.drop_index("extra_hours_during_idx", table_name="extra_hours", postgresql_using="gist")
    op.drop_table("extra_hours")
    op.drop_table("suppressions")
    op.drop_index(
        "audit_entries_unsealed_idx", table_name="audit_entries", postgresql_where=sa.text("seal IS NULL")
    )
    op.drop_table("audit_entries")
    op.drop_table("api_keys")
