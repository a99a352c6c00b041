"""What a connection has prepared outlives a refusal, and a refusal leaves nothing else behind."""

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from scheduler.db.engine import Database
from scheduler.domain.errors import Unavailable

OFTEN = 8
"""More executions than the driver waits for before it prepares a statement."""
ASKED = text("SELECT count(*) FROM resources WHERE id = :id")
PREPARED = text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%FROM resources WHERE%'")


@pytest.fixture
def db(migrated: str) -> Iterator[Database]:
    """With a single connection."""
    db = Database(migrated, pool=1)
    with db.transaction() as session:
        for _ in range(OFTEN):
            session.execute(ASKED, {"id": -1})
    yield db
    db.dispose()


def prepared(db: Database) -> int:
    with db.single() as connection:
        found: int = connection.execute(PREPARED).scalar_one()
        return found


class Refusal(Exception):
    pass


def refuse(session: Session) -> None:
    session.execute(text("CREATE TABLE refused (id int)"))
    raise Refusal


def test_what_was_prepared_outlives_a_refusal(db: Database) -> None:
    assert prepared(db) == 1
    with pytest.raises(Refusal), db.transaction() as session:
        refuse(session)
    assert prepared(db) == 1
    with db.transaction() as session:
        assert session.execute(ASKED, {"id": -1}).scalar_one() == 0


def test_a_refusal_leaves_nothing_behind(db: Database) -> None:
    with pytest.raises(Refusal), db.transaction() as session:
        refuse(session)
    with db.single() as connection:
        assert connection.execute(text("SELECT to_regclass('refused')")).scalar_one() is None


def test_after_an_error_of_the_server_the_connection_works_and_prepares_anew(db: Database) -> None:
    with pytest.raises(DBAPIError), db.transaction() as session:
        session.execute(text("SELECT 1 / 0"))
    assert prepared(db) == 0
    with db.transaction() as session:
        assert session.execute(ASKED, {"id": -1}).scalar_one() == 0


def test_a_statement_that_a_migration_made_wrong_fails_once(db: Database, migrated: str) -> None:
    """`cached plan must not change result type`: it is prepared, and never works again as it is."""
    growing = text("SELECT id FROM growing")
    other = Database(migrated)
    try:
        with other.transaction() as session:
            session.execute(text("CREATE TABLE growing (id int)"))
        with db.transaction() as session:
            for _ in range(OFTEN):
                session.execute(growing)
        with other.transaction() as session:
            session.execute(text("ALTER TABLE growing ALTER id TYPE bigint"))
        with pytest.raises(DBAPIError, match="cached plan"), db.transaction() as session:
            session.execute(growing)
        with db.transaction() as session:
            assert session.execute(growing).all() == []
    finally:
        with other.transaction() as session:
            session.execute(text("DROP TABLE growing"))
        other.dispose()


def test_a_statement_whose_table_was_made_anew_works_on(db: Database) -> None:
    """What the driver fears: a statement that names what is no more."""
    made = "CREATE TABLE fleeting AS SELECT 1 AS id"
    for _ in range(2):
        with pytest.raises(Refusal), db.transaction() as session:
            session.execute(text(made))
            for _ in range(OFTEN):
                session.execute(text("SELECT id FROM fleeting"))
            raise Refusal


def test_a_rollback_on_a_lost_connection_says_so_and_the_next_transaction_has_another(db: Database) -> None:
    with pytest.raises(Unavailable), db.transaction() as session:
        session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    with db.transaction() as session:
        assert session.execute(ASKED, {"id": -1}).scalar_one() == 0
    with db.engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        driver.execute("SELECT 1")
        driver.close()
        with pytest.raises(psycopg.OperationalError):
            driver.rollback()
        connection.invalidate()
