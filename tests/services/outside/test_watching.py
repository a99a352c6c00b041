"""A source that is silent for long is somebody's task, until it speaks again."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from scheduler.bootstrap import Runtime
from scheduler.db.models import OutsideCalendar, Task
from scheduler.services.ground.desk import Desk
from scheduler.services.outside import polling
from scheduler.services.outside.keeping import remove_calendar
from scheduler.services.outside.watching import SILENT, ages, watch
from tests.services.outside.conftest import DESK, at_once, poll


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "expand", at_once)


def look(desk: Desk, ago: timedelta | None = None) -> int:
    """What the watch does, after the source last gave something so long ago."""
    with desk.db.transaction() as session:
        now = desk.db.now(session)
        if ago:
            session.execute(update(OutsideCalendar).values(fetched_at=now - ago))
        return watch(session, now)


def open_tasks(desk: Desk) -> list[str]:
    with desk.db.transaction() as session:
        return [f"{task.kind} {task.cause}" for task in session.scalars(select(Task)) if not task.done_at]


def test_a_source_that_speaks_is_nobodys_task(desk: Desk, entry: UUID) -> None:
    assert (look(desk), look(desk, SILENT / 2), open_tasks(desk)) == (0, 0, [])


def test_one_that_is_silent_for_long_is_one_task(desk: Desk, entry: UUID) -> None:
    late = SILENT + timedelta(minutes=1)
    assert (look(desk, late), look(desk, late)) == (1, 0)
    assert open_tasks(desk) == [f"calendar-silent outside-calendar:{entry}"]


def test_one_that_never_spoke_counts_from_when_it_was_entered(desk: Desk, entry: UUID) -> None:
    with desk.db.transaction() as session:
        session.execute(update(OutsideCalendar).values(created_at=OutsideCalendar.created_at - 2 * SILENT))
    assert look(desk) == 1


def test_when_it_speaks_again_the_task_is_done(desk: Desk, entry: UUID) -> None:
    look(desk, 2 * SILENT)
    poll(desk)
    assert (look(desk), open_tasks(desk)) == (1, [])
    assert look(desk, 2 * SILENT) == 1, "and silent anew it is another one"


def test_when_it_is_taken_away_the_task_is_done(desk: Desk, entry: UUID) -> None:
    look(desk, 2 * SILENT)
    remove_calendar(desk, entry, DESK)
    assert (look(desk), open_tasks(desk)) == (1, [])


def test_its_age_is_a_figure(desk: Desk, run: Runtime, entry: UUID) -> None:
    look(desk, timedelta(hours=3))
    with run.db.single() as connection:
        found = ages(connection, run.db.now(connection))
    assert set(found) == {"one"}
    assert 3 * 3600 <= found["one"] < 3 * 3600 + 60
