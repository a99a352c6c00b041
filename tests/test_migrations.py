"""The migrations make exactly what the models describe: the two catalogs are compared."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, create_engine, text

from scheduler.db.models import Base
from tests.databases import database_with_tables, fresh_database, opened

CATALOGS = {
    "columns": """
        SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
               pg_get_expr(d.adbin, d.adrelid)
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attnum > 0
        AND NOT a.attisdropped AND c.relname <> 'alembic_version'
    """,
    "indexes": """
        SELECT c.relname, pg_get_indexdef(i.indexrelid), i.indisunique, i.indisvalid
        FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
        WHERE c.relnamespace = 'public'::regnamespace AND c.relname <> 'alembic_version'
    """,
    "constraints": """
        SELECT c.relname, k.conname, pg_get_constraintdef(k.oid), k.condeferrable, k.condeferred,
               k.convalidated
        FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
        WHERE c.relnamespace = 'public'::regnamespace AND c.relname <> 'alembic_version'
    """,
    "sequences": """
        SELECT sequencename, data_type::text, increment_by, cycle FROM pg_sequences
        WHERE schemaname = 'public'
    """,
}


@pytest.fixture(scope="module")
def by_migration(postgres: str) -> Iterator[Connection]:
    with (
        database_with_tables(postgres) as url,
        opened(url) as db,
        db.engine.connect() as connection,
    ):
        yield connection


@pytest.fixture(scope="module")
def by_models(postgres: str) -> Iterator[Connection]:
    with fresh_database(postgres) as url:
        engine = create_engine(url)
        Base.metadata.create_all(engine)
        with engine.connect() as connection:
            yield connection
        engine.dispose()


def described(connection: Connection, catalog: str) -> set[tuple[object, ...]]:
    return {tuple(row) for row in connection.execute(text(CATALOGS[catalog]))}


@pytest.mark.parametrize("catalog", CATALOGS)
def test_the_migrations_make_what_the_models_describe(
    by_migration: Connection, by_models: Connection, catalog: str
) -> None:
    migrated, modelled = described(by_migration, catalog), described(by_models, catalog)
    assert migrated
    assert sorted(map(str, migrated - modelled)) == sorted(map(str, modelled - migrated)) == []


def test_every_instant_is_kept_with_its_zone_but_for_the_promised_wall_clock(
    by_migration: Connection,
) -> None:
    naive = {
        (table, column)
        for table, column, kind, *_ in described(by_migration, "columns")
        if kind == "timestamp without time zone"
    }
    assert naive == {("visits", "start_wall")}


def test_the_overlap_of_claims_is_refused_at_once_but_can_wait_for_the_end_of_a_move(
    by_migration: Connection,
) -> None:
    (claims,) = [row for row in described(by_migration, "constraints") if row[1] == "claims_no_overlap"]
    _, _, definition, deferrable, deferred, _ = claims
    assert "EXCLUDE USING gist" in str(definition)
    assert (deferrable, deferred) == (True, False)


def test_every_foreign_key_has_an_index_that_finds_who_points_there(by_migration: Connection) -> None:
    """Deleting or locking the row that is pointed to would read the whole table without one."""
    bare = by_migration.execute(
        text(
            """
            SELECT c.relname, a.attname FROM pg_constraint k
            JOIN pg_class c ON c.oid = k.conrelid
            JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
            WHERE k.contype = 'f' AND NOT EXISTS (
                SELECT FROM pg_index i WHERE i.indrelid = k.conrelid AND i.indkey[0] = k.conkey[1]
            ) ORDER BY 1, 2
            """
        )
    ).all()
    never_deleted = {"clinic_version", "resource_id", "room_id", "practitioner_id"}
    assert {tuple(row) for row in bare if row.attname not in never_deleted} == set()


def test_a_fresh_database_knows_what_time_it_is(by_migration: Connection) -> None:
    now = by_migration.execute(text("SELECT clock_timestamp()")).scalar_one()
    assert abs(now - datetime.now(UTC)).total_seconds() < 30
