"""The service asks its database for no more than a role without rights, to whom the database belongs."""

from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, make_url, text

from scheduler.bootstrap import bootstrap
from scheduler.db import migrating
from scheduler.services.booking.making import book
from scheduler.services.clinic.apply import apply
from tests.cast import at
from tests.conftest import CLINIC, settings_for
from tests.services.asking import request


@pytest.fixture
def plain(postgres: str) -> Iterator[str]:
    """The address of an empty database that belongs to such a role."""
    admin = create_engine(postgres, isolation_level="AUTOCOMMIT", pool_pre_ping=True)
    with admin.connect() as connection:
        connection.execute(text("CREATE ROLE plain LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS"))
        connection.execute(text("CREATE DATABASE plain OWNER plain"))
    url = make_url(postgres).set(username="plain", database="plain")
    yield url.render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE plain WITH (FORCE)"))
        connection.execute(text("DROP ROLE plain"))
    admin.dispose()


def test_tables_are_made_and_visits_booked_by_a_role_without_rights(plain: str) -> None:
    run = bootstrap(settings_for(plain))
    migrating.migrate(run.db)
    with run.db.transaction() as session:
        who = "SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user"
        assert session.execute(text(who)).one() == ("plain", False)
        apply(session, CLINIC.read_text("utf-8"), run.db.now(session), production=False)
    assert book(run.desk, request(at(8, 10))).visit.status == "booked"
    run.db.dispose()
