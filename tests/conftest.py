"""The real parts that tests stand on: the service, a clinic, and a database with nothing else in it."""

import base64
import hashlib
import os
from collections.abc import Iterator
from copy import copy, deepcopy
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import cycle
from pathlib import Path

import hypothesis
import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from config.settings import Settings
from config.zones import use_pinned_zones
from scheduler.api.runtime import attach
from scheduler.app import bare_app, furnish
from scheduler.bootstrap import Runtime, bootstrap, open_database
from scheduler.db.engine import Database
from scheduler.db.models import Base
from scheduler.embedded.redis import EmbeddedRedis
from scheduler.services.clinic.apply import apply
from tests.cast import NOW
from tests.pooling import Standing

use_pinned_zones()
hypothesis.settings.register_profile("any machine", deadline=None)  # however busy it is
hypothesis.settings.load_profile("any machine")

pytest_plugins = ["tests.calendars.recording", "tests.databases", "tests.sparing"]

CLINIC = Path(__file__).parent / "clinic.toml"

NOWHERE = "postgresql+psycopg://visits@127.0.0.1:1/visits"
"""A database that does not answer."""

WIPE = text(
    "WITH " + ", ".join(f"in_{name} AS (DELETE FROM {name})" for name in Base.metadata.tables) + " SELECT"
)
"""One statement; and ten times as fast as TRUNCATE, which makes new files."""

LONGEST = (
    "api/test_matrix.py",
    "api/test_schemathesis.py",
    "calendars/test_judging.py",
    "life/test_life.py",
    "api/test_races.py",
    "api/test_races_of_changes.py",
    "api/test_limits.py",
    "workers/test_sweeper.py",
    "services/slots/test_holding.py",
    "embedded/test_postgres.py",
    "outbox/test_crashes.py",
    "workers/test_far_redis.py",
)
"""Files of some seven seconds and more: one that is begun last leaves the others with nothing to do."""

APPLIED = ("clinic_versions", "resources")
"""The tables that applying a clinic file to an empty database writes."""


def example_key(name: str) -> str:
    """32 bytes that differ by name: for tests, and for nothing else."""
    return base64.urlsafe_b64encode(hashlib.sha256(name.encode()).digest()).decode()


def clock_offset() -> timedelta:
    """Makes it NOW at this moment."""
    return NOW - datetime.now(UTC)


def settings_for(url: str, **more: object) -> Settings:
    """Settings of a service on a database, its clock standing at NOW when this is called."""
    now: dict[str, object] = {"clock_offset": clock_offset().total_seconds()}
    return _settings_for(url, **now | more) if more else _usual_settings(url).model_copy(update=now)


@cache
def _usual_settings(url: str) -> Settings:
    """Read once: most tests have these."""
    return _settings_for(url)


def _settings_for(url: str, **more: object) -> Settings:
    values: dict[str, object] = {
        "database_url": url,
        "redis_url": "redis://127.0.0.1:1/0",
        "smtp_url": "smtp://127.0.0.1:1",
        "public_url": "https://visits.example",
        "cors_origins": ("https://clinic.example",),
        "encryption_keys": f"e1:{example_key('encryption')}",
        "lookup_key": example_key("lookup"),
        "link_keys": f"l1:{example_key('links')}",
        "limit_reads": "off",
        "limit_writes": "off",
        "limit_contact": "off",
        **more,
    }
    return Settings.model_validate(values)


def wipe(session: Session) -> None:
    session.execute(text("SET LOCAL session_replication_role = replica"))  # the audit guards itself
    session.execute(WIPE)


BUILT_IN = ("cors_origins", "trusted_proxies", "limit_reads", "limit_writes", "limit_contact")
"""Settings that an application is furnished with; all others it reads when it is asked."""
ADDED = (
    "config",
    "before_request_funcs",
    "after_request_funcs",
    "teardown_request_funcs",
    "teardown_appcontext_funcs",
)
"""What furnishing adds to."""


def serving(run: Runtime) -> APIFlask:
    """An application around that service."""
    usual = _usual_settings(NOWHERE)
    if any(getattr(run.settings, name) != getattr(usual, name) for name in BUILT_IN):
        return furnish(_empty_copy(_bare()), run)
    return copied(_usual(), run)


def copied(app: APIFlask, run: Runtime) -> APIFlask:
    """The same application around another service."""
    app = copy(app)
    app.extensions = {**app.extensions}
    attach(app, run)
    return app


def _empty_copy(bare: APIFlask) -> APIFlask:
    """One to furnish: what is added to it is not added to others."""
    app = copy(bare)
    app.extensions = {**bare.extensions}
    for name in ADDED:
        setattr(app, name, deepcopy(getattr(bare, name)))
    return app


@cache
def _bare() -> APIFlask:
    """Made once, and copied: its routes take longer than most tests."""
    app = bare_app()
    assert app.jinja_env  # made now, so that all copies remember the templates that one has read
    return app


@cache
def _usual() -> APIFlask:
    return furnish(_empty_copy(_bare()), bootstrap(settings_for(NOWHERE)))


@pytest.fixture(scope="session")
def standing(migrated: str) -> Iterator[Database]:
    """Connections that all tests have one after the other: these have prepared their statements already."""
    db = open_database(settings_for(migrated))
    yield db
    db.dispose()


@pytest.fixture(scope="session")
def connections(standing: Database) -> Standing:
    return Standing(standing.engine)


@pytest.fixture(scope="session")
def kept(standing: Database) -> Database:
    """The database, that knows by heart what applying the tests' clinic writes."""
    with standing.transaction() as session:
        wipe(session)
        apply(session, CLINIC.read_text(encoding="utf-8"), NOW, production=False)
        session.execute(text("CREATE SCHEMA kept"))
        for table in APPLIED:
            session.execute(text(f"CREATE TABLE kept.{table} AS SELECT * FROM {table}"))
    return standing


TIDIED = cycle(range(100))
"""Tests from one time that the database is tidied to the next."""


def tidy(session: Session) -> None:
    """Nobody vacuums, and what each test leaves all after it step over. New files, not the gaps of a vacuum:
    rows that fill gaps come back in another order than they were written."""
    session.execute(text("SET LOCAL session_replication_role = replica"))
    session.execute(text(f"TRUNCATE {', '.join(Base.metadata.tables)}"))


@pytest.fixture
def empty(standing: Database, connections: Standing) -> Iterator[Database]:
    """The database, with nothing in it; its clock stands at NOW."""
    db = copy(standing)  # what a test does to it ends with the test
    db.offset = clock_offset()
    with db.transaction() as session:
        (wipe if next(TIDIED) else tidy)(session)
    yield db
    connections.settle()


@pytest.fixture
def clinic(empty: Database, kept: Database) -> Database:
    """The database, with the tests' clinic in force."""
    with empty.transaction() as session:
        for table in APPLIED:
            session.execute(text(f"INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM kept.{table}"))
    return empty


@pytest.fixture
def run(clinic: Database, migrated: str) -> Runtime:
    """The running service, with nobody at the workers' door."""
    return bootstrap(settings_for(migrated), db=clinic)


@pytest.fixture
def client(run: Runtime) -> FlaskClient:
    """Somebody who calls the API."""
    return serving(run).test_client()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest is begun first: or one process would be at it when all others have finished."""
    longest = [CLINIC.parent / name for name in LONGEST]
    items.sort(key=lambda item: longest.index(item.path) if item.path in longest else len(longest))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly what was left out: a tool that is missing must not look like a test that passed."""
    left_out = terminalreporter.stats.get("skipped", [])
    if left_out:
        terminalreporter.write_sep("!", f"{len(left_out)} tests were LEFT OUT on this machine", red=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where nothing may be left out, a skipped test fails the run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped") if isinstance(reporter, pytest.TerminalReporter) else None
    if skipped and os.environ.get("VISITS_TESTS_NOTHING_LEFT_OUT"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Redis of this test run's own."""
    with EmbeddedRedis(tmp_path_factory.mktemp("redis")) as server:
        yield server.url
