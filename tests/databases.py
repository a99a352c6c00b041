"""The databases that tests stand on. A plugin of pytest.

One PostgreSQL serves all processes of a test run. Who starts the run brings it up, while the others import;
each has a database of its own there, copied from one that has all tables already.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Connection, create_engine, make_url, text

from scheduler.bootstrap import open_database
from scheduler.db import migrating
from scheduler.db.engine import Database
from scheduler.embedded.postgres import EmbeddedPostgres
from tests.conftest import settings_for

QUICK = {
    # A test's database need not survive a power cut.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "500",
    # Vacuumed between two rows of a test, a table would give them back in another order now and then.
    "autovacuum": "off",
}

WITH_TABLES = "with_tables"
PATIENCE = 60  # seconds until the server has to be there
SHARED = pytest.StashKey[Path]()
STARTED = pytest.StashKey[ExitStack]()


@contextmanager
def administered(server: str) -> Iterator[Connection]:
    engine = create_engine(server, isolation_level="AUTOCOMMIT", pool_pre_ping=True)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@contextmanager
def fresh_database(server: str, name: str = "", origin: str = "template0") -> Iterator[str]:
    """The address of a new database beside the one at `server`, empty or a copy; gone afterwards."""
    name = name or f"test_{uuid4().hex}"
    with administered(server) as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {origin} ENCODING 'UTF8'"))
    try:
        yield address(server, name)
    finally:
        with administered(server) as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@contextmanager
def database_with_tables(server: str, name: str = "") -> Iterator[str]:
    """The same with all tables, at the revision of this code."""
    if not _exists(server, WITH_TABLES):
        make_tables(server)
    with fresh_database(server, name, WITH_TABLES) as url:
        yield url


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """Connections to it, as a service has them."""
    db = open_database(settings_for(url))
    yield db
    db.dispose()


def make_tables(server: str) -> None:
    """Once for a server: migrating takes a second, copying a tenth."""
    with administered(server) as connection:
        connection.execute(text(f"CREATE DATABASE {WITH_TABLES} TEMPLATE template0 ENCODING 'UTF8'"))
    with opened(address(server, WITH_TABLES)) as db:
        migrating.migrate(db)


def _exists(server: str, name: str) -> bool:
    with administered(server) as connection:
        found = connection.execute(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name})
        return found.first() is not None


def address(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)


@contextmanager
def own_server() -> Iterator[str]:
    """The address of an empty database on a server that this process brings up.

    In a folder of its own: as root the server runs as somebody else, and the next run of pytest closes the
    folders of this one to everybody.
    """
    with TemporaryDirectory(prefix="visits-tests-") as folder:
        Path(folder).chmod(0o711)
        with EmbeddedPostgres(Path(folder) / "postgres", QUICK) as server:
            make_tables(server.url)
            yield server.url


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of an empty database on the server of this test run."""
    shared = request.config.stash.get(SHARED, None)
    if shared is None:
        with own_server() as url:
            yield url
    else:
        yield _announced(shared)


@pytest.fixture(scope="session")
def migrated(postgres: str) -> Iterator[str]:
    """The address of this process's own database, with all tables."""
    with database_with_tables(postgres) as url:
        yield url


def _announced(shared: Path) -> str:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if shared.exists():
            return shared.read_text()
        time.sleep(0.05)
    raise AssertionError("who started the test run has brought up no PostgreSQL")


# ------------------------------------------------------------------------------------------- pytest's hooks


def pytest_configure(config: pytest.Config) -> None:
    """Of one of pytest-xdist's workers: where it will find the server's address."""
    if isinstance(started := getattr(config, "workerinput", None), dict):
        config.stash[SHARED] = Path(started["postgres"])


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Of who has started the workers, for each of them."""
    node.workerinput["postgres"] = str(_shared(node.config))


def _shared(config: pytest.Config) -> Path:
    if SHARED not in config.stash:
        folder = TemporaryDirectory(prefix="visits-tests-")
        config.add_cleanup(folder.cleanup)
        config.stash[SHARED] = Path(folder.name) / "postgres"
    return config.stash[SHARED]


@pytest.hookimpl(wrapper=True)
def pytest_sessionstart(session: pytest.Session) -> Iterator[None]:
    """Of who starts the run: the workers have been started inside, and import for some seconds."""
    yield
    config = session.config
    if SHARED in config.stash and not hasattr(config, "workerinput"):
        started = config.stash[STARTED] = ExitStack()
        config.add_cleanup(started.close)
        url = started.enter_context(own_server())
        whole = config.stash[SHARED].with_suffix(".new")
        whole.write_text(url)
        whole.rename(config.stash[SHARED])
