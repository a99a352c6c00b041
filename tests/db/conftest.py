"""Databases that a test may migrate, spoil and throw away."""

from collections.abc import Iterator

import pytest

from scheduler.bootstrap import open_database
from scheduler.db.engine import Database
from tests.conftest import settings_for
from tests.databases import database_with_tables, fresh_database


@pytest.fixture
def blank(postgres: str) -> Iterator[Database]:
    with fresh_database(postgres) as url:
        db = open_database(settings_for(url))
        yield db
        db.dispose()


@pytest.fixture
def made(postgres: str) -> Iterator[Database]:
    """At the revision of this code."""
    with database_with_tables(postgres) as url:
        db = open_database(settings_for(url))
        yield db
        db.dispose()
