"""Clients whose every answer is held against the published contract."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from scheduler.app import create_app
from scheduler.bootstrap import Runtime, bootstrap
from tests.api.contract import Contract, watched
from tests.conftest import NOWHERE, serving, settings_for
from tests.processes import api, database

Serve = Callable[..., FlaskClient]


@pytest.fixture(scope="session")
def contract(migrated: str) -> Contract:
    """As the service publishes it."""
    run = bootstrap(settings_for(migrated))
    spec: dict[str, Any] = create_app(run).test_client().get("/openapi.json").get_json()
    run.db.dispose()
    return Contract(spec)


@pytest.fixture
def client(run: Runtime, contract: Contract) -> FlaskClient:
    """Somebody who calls the API."""
    return watched(serving(run), contract)


@pytest.fixture
def serve(contract: Contract, migrated: str) -> Iterator[Serve]:
    """Makes a client of another service, with other settings."""
    made: list[Runtime] = []

    def start(**settings: object) -> FlaskClient:
        url = str(settings.pop("database_url", migrated))
        made.append(bootstrap(settings_for(url, **settings)))
        return watched(serving(made[-1]), contract)

    yield start
    for run in made:
        run.db.dispose()


@pytest.fixture(scope="module")
def own_database(postgres: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a database that only this file uses."""
    with database(postgres, request.module.__name__.rpartition(".")[2]) as url:
        yield url


@pytest.fixture(scope="module")
def visits(own_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where bookings are taken, by two processes of four threads."""
    settings = settings_for(own_database, web_workers=2, web_threads=4)
    with api(settings, tmp_path_factory.mktemp("api")) as address:
        yield f"{address}/v1/visits"


@pytest.fixture
def severed(run: Runtime, contract: Contract) -> FlaskClient:
    """A client of the service after its database went away; the clinic was known before."""
    with run.db.single() as connection:
        run.desk.clinics.moment(connection)
    gone = bootstrap(settings_for(NOWHERE))
    gone.desk.clinics.last = run.desk.clinics.last
    return watched(serving(gone), contract)
