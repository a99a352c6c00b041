"""`visits health`, as a container asks it of itself."""

from datetime import timedelta

import pytest

from scheduler.bootstrap import Runtime
from scheduler.services.outbox.sweeping import beat
from tests.cli.conftest import Visits


def swept(run: Runtime, ago: timedelta) -> None:
    with run.db.transaction() as session:
        beat(session, run.db.now(session) - run.db.offset - ago)


def test_a_sweeper_that_swept_just_now_is_healthy(visits: Visits, run: Runtime) -> None:
    swept(run, timedelta(0))
    said = visits("health", "sweep")
    assert (said.exit_code, said.output) == (0, "ok\n")


@pytest.mark.parametrize("ago", [timedelta(seconds=31), None])
def test_one_that_stands_still_or_never_began_is_not(
    visits: Visits, run: Runtime, ago: timedelta | None
) -> None:
    if ago:
        swept(run, ago)
    said = visits("health", "sweep")
    assert said.exit_code == 1
    assert said.output.startswith("Error: sweep: last seen")
    assert "is `visits sweep` running?" in said.output


def test_a_worker_is_not_asked_for_the_sweeper(visits: Visits) -> None:
    said = visits("health", "work")
    assert said.exit_code == 1  # there is no Redis
    assert "redis: does not answer" in said.output
    assert "sweep:" not in said.output
