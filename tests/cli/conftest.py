"""The `visits` command, on the service's own database."""

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from scheduler.bootstrap import Runtime
from scheduler.cli import main
from tests.conftest import settings_for

Visits = Callable[..., Result]


@pytest.fixture
def visits(run: Runtime, migrated: str, monkeypatch: pytest.MonkeyPatch) -> Visits:
    """The command, with the settings of the tests."""
    settings = settings_for(migrated)
    monkeypatch.setattr("scheduler.cli.common.load_settings", lambda: settings)
    monkeypatch.setattr("scheduler.cli.common.configure_logging", lambda *_: None)
    return lambda *arguments: CliRunner().invoke(main, arguments)
