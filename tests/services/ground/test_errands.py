"""Errands: the row says when one is due, and whoever moves that time forward does it."""

import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from scheduler.bootstrap import Runtime
from scheduler.db.models import Errand
from scheduler.domain.messages import ErrandHint
from scheduler.services.ground import errands
from scheduler.services.ground.errands import LEASE, NUDGE_AGAIN
from workers import errands as registry
from workers.errands import run_errand

POLL = ErrandHint("poll", "one")
MINUTE = timedelta(minutes=1)
ROUND = timedelta(hours=1)


def planned(run: Runtime, later: timedelta = timedelta(0), hint: ErrandHint = POLL) -> None:
    with run.db.transaction() as session:
        errands.plan(session, hint.work, hint.row, run.db.now(session) + later)


def nudged(run: Runtime, later: timedelta = timedelta(0)) -> list[ErrandHint]:
    with run.db.transaction() as session:
        return errands.nudge(session, run.db.now(session) + later)


def taken(run: Runtime, later: timedelta = timedelta(0)) -> datetime | None:
    with run.db.transaction() as session:
        return errands.take(session, POLL, run.db.now(session) + later)


def due_in(run: Runtime) -> timedelta | None:
    with run.db.transaction() as session:
        at = session.scalars(select(Errand.next_at)).one_or_none()
        return None if at is None else at - run.db.now(session)


class Rounds:
    """What was done, and what it said: when again, or an error."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.rows: list[str] = []
        self.again: timedelta | Exception | None = None
        monkeypatch.setattr(registry, "ERRANDS", {"poll": self})

    def __call__(self, run: Runtime, row: str) -> timedelta | None:
        self.rows.append(row)
        if isinstance(self.again, Exception):
            raise self.again
        return self.again


@pytest.fixture
def rounds(monkeypatch: pytest.MonkeyPatch) -> Rounds:
    return Rounds(monkeypatch)


def test_what_is_due_is_hinted_every_fifteen_seconds_and_nothing_else_is(run: Runtime) -> None:
    planned(run)
    planned(run, MINUTE, ErrandHint("poll", "later"))
    assert nudged(run) == [POLL]
    assert nudged(run) == []
    assert nudged(run, NUDGE_AGAIN) == [POLL]


def test_of_many_at_once_one_does_it(run: Runtime, rounds: Rounds) -> None:
    rounds.again = ROUND
    planned(run)
    start = threading.Barrier(6)

    def do() -> None:
        start.wait()
        run_errand(run, POLL)

    workers = [threading.Thread(target=do) for _ in range(6)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert rounds.rows == ["one"]


def test_one_that_repeats_is_due_again_when_it_says_so(run: Runtime, rounds: Rounds) -> None:
    rounds.again = ROUND
    planned(run)
    assert run_errand(run, POLL)
    assert not run_errand(run, POLL), "a hint may come twice"
    again = due_in(run)
    assert again
    assert ROUND - MINUTE < again <= ROUND


def test_one_that_is_done_is_gone(run: Runtime, rounds: Rounds) -> None:
    planned(run)
    assert run_errand(run, POLL)
    assert due_in(run) is None


def test_one_that_fails_or_whose_worker_dies_is_due_again_after_a_lease(run: Runtime, rounds: Rounds) -> None:
    rounds.again = ZeroDivisionError()
    planned(run)
    with pytest.raises(ZeroDivisionError):
        run_errand(run, POLL)
    assert taken(run) is None
    assert nudged(run, LEASE) == [POLL]
    assert taken(run, LEASE)


def test_what_is_planned_anew_while_it_is_being_done_is_done_once_more(run: Runtime, rounds: Rounds) -> None:
    planned(run)
    until = taken(run)
    assert until
    planned(run)
    with run.db.transaction() as session:
        errands.done(session, POLL, until, None)
    assert nudged(run) == [POLL]
    assert run_errand(run, POLL)


def test_planning_makes_it_sooner_and_never_later(run: Runtime) -> None:
    for later, expected in ((ROUND, ROUND), (MINUTE, MINUTE), (ROUND, MINUTE)):
        planned(run, later)
        due = due_in(run)
        assert due
        assert expected - timedelta(seconds=20) < due <= expected


def test_what_a_newer_release_planned_is_left_to_it(run: Runtime, rounds: Rounds) -> None:
    planned(run, hint=ErrandHint("unheard-of", "1"))
    assert not run_errand(run, ErrandHint("unheard-of", "1"))
    assert nudged(run) == [ErrandHint("unheard-of", "1")]
