"""The schema's version: what the database has, and what this code needs.

The way from one to the other is `migrating`; these are asked all the time, and do without Alembic.
"""

from functools import cache
from pathlib import Path

from sqlalchemy import Connection, text

MIGRATIONS = Path(__file__).parent / "migrations"


class SchemaMismatch(Exception):
    """The database and this code do not belong together; nothing was changed."""


@cache
def needed() -> str:
    """The revision that this code works with: the last of them, whose file begins with its number."""
    return max(file.name.partition("_")[0] for file in MIGRATIONS.glob("versions/[0-9]*.py"))


def present(connection: Connection) -> str | None:
    """The revision that the database has; None where nothing was ever made."""
    if connection.execute(text("SELECT to_regclass('alembic_version')")).scalar_one() is None:
        return None
    found: str | None = connection.execute(
        text("SELECT version_num FROM alembic_version")
    ).scalar_one_or_none()
    return found
