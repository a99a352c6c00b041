"""The front desk of the tests' clinic."""

import pytest

from scheduler.bootstrap import Runtime
from tests.pages.staff.desk import Desk


@pytest.fixture
def desk(run: Runtime) -> Desk:
    """Somebody with all scopes, who has signed in."""
    return Desk(run)
