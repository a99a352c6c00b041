"""The way from the schema that the database has to the one that this code needs."""

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from scheduler.db.engine import Database
from scheduler.db.schema import MIGRATIONS, SchemaMismatch, needed, present

OLDEST_SERVER = 15
MIGRATION_LOCK = 0x76697369
"""Advisory lock: two `migrate` at once run one after the other."""


def migrate(db: Database) -> None:
    """Bring the database to the revision of this code.

    Raises SchemaMismatch for a server that is too old, a database that is not UTF-8, or a schema that is
    newer than this code.
    """
    with db.engine.connect() as connection:
        connection.detach()  # the lock and the altered timeouts end with it, whatever happens
        _check_server(connection)
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("SET lock_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": MIGRATION_LOCK})
        connection.commit()
        _check_known(present(connection))
        connection.commit()
        command.upgrade(_config(connection), "head")
        connection.commit()


def _check_server(connection: Connection) -> None:
    version: int = connection.execute(text("SELECT current_setting('server_version_num')::int")).scalar_one()
    if version // 10_000 < OLDEST_SERVER:
        raise SchemaMismatch(
            f"The server is PostgreSQL {version // 10_000}, needed is {OLDEST_SERVER} or newer."
        )

    encoding: str = connection.execute(text("SHOW server_encoding")).scalar_one()
    if encoding != "UTF8":
        raise SchemaMismatch(
            f"The database's encoding is {encoding}: make it anew with ENCODING 'UTF8', names need it."
        )


def _check_known(revision: str | None) -> None:
    known = {each.revision for each in ScriptDirectory.from_config(_config()).walk_revisions()}
    if revision is not None and revision not in known:
        raise SchemaMismatch(
            f"The database has schema {revision}, and this release knows up to {needed()}: it was used by a"
            " newer release. Nothing was changed. Start that release again, or restore an older backup."
        )


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
