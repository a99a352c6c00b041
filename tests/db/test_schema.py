"""The schema and its version: made once, left alone where it is somebody else's."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import command
from sqlalchemy import inspect, text

from scheduler.bootstrap import open_database
from scheduler.db import migrating, schema
from scheduler.db.engine import Database
from scheduler.db.models import Base
from tests.conftest import settings_for


def tables(db: Database) -> set[str]:
    return set(inspect(db.engine).get_table_names())


def revision(db: Database) -> str | None:
    with db.engine.connect() as connection:
        return schema.present(connection)


def test_an_empty_database_gets_all_tables_and_the_version_of_this_code(blank: Database) -> None:
    assert revision(blank) is None
    migrating.migrate(blank)
    assert revision(blank) == schema.needed()
    assert tables(blank) == {*Base.metadata.tables, "alembic_version"}


def test_migrating_again_changes_nothing(made: Database) -> None:
    before = tables(made)
    migrating.migrate(made)
    assert (tables(made), revision(made)) == (before, schema.needed())


def test_several_who_migrate_at_once_do_it_one_after_the_other(blank: Database) -> None:
    at_once = threading.Barrier(3)

    def migrate(_: int) -> None:
        db = open_database(settings_for(blank.engine.url.render_as_string(hide_password=False)))
        at_once.wait(5)
        migrating.migrate(db)
        db.dispose()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(migrate, range(3)))
    assert revision(blank) == schema.needed()
    assert tables(blank) == {*Base.metadata.tables, "alembic_version"}


def test_a_schema_of_a_newer_release_is_left_alone_and_both_versions_are_said(made: Database) -> None:
    with made.transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    before = tables(made)
    with pytest.raises(schema.SchemaMismatch, match=f"9999.*{schema.needed()}"):
        migrating.migrate(made)
    assert (tables(made), revision(made)) == (before, "9999")


def test_a_refused_migration_keeps_nobody_else_from_migrating(made: Database) -> None:
    with made.transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(schema.SchemaMismatch):
        migrating.migrate(made)
    lock = text("SELECT pg_try_advisory_xact_lock(:lock)")
    other = open_database(settings_for(made.engine.url.render_as_string(hide_password=False)))
    with other.transaction() as session:
        assert session.execute(lock, {"lock": migrating.MIGRATION_LOCK}).scalar_one()
    other.dispose()


def test_migrating_leaves_the_timeouts_of_other_work_as_they_were(blank: Database) -> None:
    migrating.migrate(blank)
    with blank.transaction() as session:
        assert session.execute(text("SHOW statement_timeout")).scalar_one() == "5s"


def test_a_server_that_is_too_old_is_refused_before_anything_is_made(
    blank: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrating, "OLDEST_SERVER", 99)
    with pytest.raises(schema.SchemaMismatch, match="needed is 99 or newer"):
        migrating.migrate(blank)
    assert tables(blank) == set()


def test_a_database_without_unicode_is_refused_before_anything_is_made(postgres: str) -> None:
    admin = open_database(settings_for(postgres))
    with admin.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CREATE DATABASE latin TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'"))
        latin = open_database(
            settings_for(admin.engine.url.set(database="latin").render_as_string(hide_password=False))
        )
        with pytest.raises(schema.SchemaMismatch, match="SQL_ASCII"):
            migrating.migrate(latin)
        assert tables(latin) == set()
        latin.dispose()
        connection.execute(text("DROP DATABASE latin WITH (FORCE)"))
    admin.dispose()


def test_the_way_back_leaves_nothing_behind(made: Database) -> None:
    with made.engine.connect() as connection:
        command.downgrade(migrating._config(connection), "base")
        connection.commit()
    assert tables(made) == {"alembic_version"}
    with made.transaction() as session:
        left = session.execute(
            text("SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace")
        ).all()
    assert left == []
    migrating.migrate(made)
    assert revision(made) == schema.needed()
