"""Databases that a test may migrate, spoil and throw away."""

from collections.abc import Iterator

import pytest

from scheduler.db.engine import Database
from tests.databases import database_with_tables, fresh_database, opened


@pytest.fixture
def blank(postgres: str) -> Iterator[Database]:
    with fresh_database(postgres) as url, opened(url) as db:
        yield db


@pytest.fixture
def made(postgres: str) -> Iterator[Database]:
    """At the revision of this code."""
    with database_with_tables(postgres) as url, opened(url) as db:
        yield db
