"""Independent readers, for the tests that look at what they find."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.calendars import independent as readers
from tests.calendars.independent import MissingReader, Reader


def _or_left_out(find: Callable[[Path], Reader], folder: Path) -> Reader:
    try:
        return find(folder)
    except MissingReader as missing:
        pytest.skip(f"INDEPENDENT READER MISSING, invites unchecked: {missing}")


@pytest.fixture(scope="session")
def ical_js(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return _or_left_out(readers.ical_js, tmp_path_factory.mktemp("node"))


@pytest.fixture(scope="session")
def libical(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return _or_left_out(readers.libical, tmp_path_factory.mktemp("libical"))


@pytest.fixture(
    params=[
        pytest.param("ical_js", marks=pytest.mark.node),
        pytest.param("libical", marks=pytest.mark.libical),
    ]
)
def independent(request: pytest.FixtureRequest) -> Reader:
    read: Reader = request.getfixturevalue(request.param)
    return read
