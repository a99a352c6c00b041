"""Repeating work: whoever moves the row does it, and it is done once."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from scheduler.bootstrap import Runtime, bootstrap
from scheduler.db.models import TimetableEntry
from scheduler.domain.errors import Unavailable
from scheduler.services.ground.desk import Desk
from tests.conftest import NOWHERE, settings_for
from workers import timetable
from workers.timetable import JOBS, Job, in_one, run_due

Done = list[str]
HOUR = timedelta(hours=1)


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> Done:
    """What two jobs of the tests' own did."""
    done: Done = []

    def work(name: str) -> Callable[[Desk, datetime], int]:
        def note(desk: Desk, now: datetime) -> int:
            done.append(name)
            return 1

        return note

    monkeypatch.setattr(timetable, "JOBS", (Job("one", HOUR, work("one")), Job("two", HOUR, work("two"))))
    return done


def test_a_job_is_done_when_it_is_due_and_not_before(run: Runtime, done: Done) -> None:
    run_due(run.desk)
    run_due(run.desk)
    assert done == ["one", "two"]
    with run.db.transaction() as session:
        session.execute(
            update(TimetableEntry).where(TimetableEntry.job == "two").values(next_run=run.db.now(session))
        )
    run_due(run.desk)
    assert done == ["one", "two", "two"]


def test_its_next_turn_is_one_period_later(run: Runtime, done: Done) -> None:
    with run.db.transaction() as session:
        before = run.db.now(session)
    run_due(run.desk)
    with run.db.transaction() as session:
        turns = set(session.scalars(select(TimetableEntry.next_run)))
        assert all(before + HOUR <= turn <= run.db.now(session) + HOUR for turn in turns)


def test_of_many_at_once_one_does_it(run: Runtime, done: Done) -> None:
    start = threading.Barrier(6)

    def sweep() -> None:
        start.wait()
        for _ in range(3):
            run_due(run.desk)

    sweepers = [threading.Thread(target=sweep) for _ in range(6)]
    for each in sweepers:
        each.start()
    for each in sweepers:
        each.join()
    assert sorted(done) == ["one", "two"]


def test_a_job_that_fails_keeps_no_other_from_its_turn(
    run: Runtime, done: Done, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(desk: Desk, now: datetime) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(timetable, "JOBS", (Job("broken", HOUR, fail), *timetable.JOBS))
    run_due(run.desk)
    assert done == ["one", "two"]


def test_a_job_that_takes_too_long_for_our_database_keeps_no_other_from_its_turn(
    run: Runtime, done: Done, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Nor the sweeper from its hints, which come after the jobs. The log says which, and why."""

    def linger(session: Session, now: datetime) -> int:
        session.execute(text("SET LOCAL statement_timeout = 10"))
        session.execute(text("SELECT pg_sleep(5)"))
        return 1

    monkeypatch.setattr(timetable, "JOBS", (Job("slow", HOUR, in_one(linger)), *timetable.JOBS))
    run_due(run.desk)
    assert done == ["one", "two"]
    (said,) = [each for each in caplog.records if "slow" in each.getMessage()]
    assert said.exc_info and isinstance(said.exc_info[1], Unavailable)


def test_without_a_database_nothing_is_tried(done: Done) -> None:
    desk = bootstrap(settings_for(NOWHERE)).desk
    with pytest.raises(Unavailable):
        run_due(desk)
    assert done == []


def test_every_real_job_can_be_done_on_a_clinic_where_nothing_happened(run: Runtime) -> None:
    for job in JOBS:
        with run.db.transaction() as session:
            now = run.db.now(session)
        assert job.work(run.desk, now) == 0, job.name
    assert len({job.name for job in JOBS}) == len(JOBS)
