"""Transactions that end well, are tried again, or say that the database cannot help at the moment."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from scheduler.db import liveness
from scheduler.db.engine import TRIES, Database, sqlstate
from scheduler.db.models import Resource, ResourceKind
from scheduler.domain.errors import Unavailable


@contextmanager
def opened(url: str, **more: float) -> Iterator[Database]:
    db = Database(url, **more)  # type: ignore[arg-type]
    yield db
    db.dispose()


def fail(session: Session, state: str) -> None:
    session.execute(text(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{state}'; END $$"))


def add_patient(session: Session) -> int:
    return session.execute(
        insert(Resource).values(kind=ResourceKind.PATIENT).returning(Resource.id)
    ).scalar_one()


def test_what_was_done_is_kept_at_the_end_of_a_transaction(empty: Database) -> None:
    with empty.transaction() as session:
        made = add_patient(session)
    with empty.transaction() as session:
        assert session.scalars(select(Resource.id)).all() == [made]


def test_an_error_undoes_everything_of_its_transaction(empty: Database) -> None:
    with pytest.raises(LookupError), empty.transaction() as session:
        add_patient(session)
        raise LookupError
    with empty.transaction() as session:
        assert session.scalars(select(Resource.id)).all() == []


def test_single_reads_need_no_transaction(empty: Database) -> None:
    with empty.single() as connection:
        assert connection.execute(text("SELECT 1")).scalar_one() == 1


def test_two_who_wait_for_each_other_are_both_done_in_the_end(empty: Database) -> None:
    with empty.transaction() as session:
        first, second = add_patient(session), add_patient(session)
    both_hold_one = threading.Barrier(2)
    tries: list[int] = []

    def in_order(mine: int, other: int) -> Callable[[Session], str]:
        def work(session: Session) -> str:
            tries.append(mine)
            session.execute(text("SET LOCAL deadlock_timeout = '30ms'"))
            session.execute(select(Resource).where(Resource.id == mine).with_for_update())
            if tries.count(mine) == 1:
                both_hold_one.wait(5)
            session.execute(select(Resource).where(Resource.id == other).with_for_update())
            return "done"

        return work

    with ThreadPoolExecutor(2) as pool:
        works = [in_order(first, second), in_order(second, first)]
        assert list(pool.map(empty.attempt, works)) == ["done", "done"]
    assert len(tries) > 2  # one of them was chosen to give way and tried again


@pytest.mark.parametrize("state", ["40P01", "40001"])
def test_work_that_loses_every_time_is_tried_five_times_and_not_for_ever(empty: Database, state: str) -> None:
    tries = 0

    def lose(session: Session) -> None:
        nonlocal tries
        tries += 1
        fail(session, state)

    with pytest.raises(DBAPIError) as lost:
        empty.attempt(lose)
    assert sqlstate(lost.value) == state
    assert tries == TRIES == 5


def test_each_try_begins_with_nothing_of_the_one_before(empty: Database) -> None:
    seen: list[int] = []

    def work(session: Session) -> None:
        seen.append(len(session.scalars(select(Resource.id)).all()))
        add_patient(session)
        if len(seen) < 3:
            fail(session, "40001")

    empty.attempt(work)
    assert seen == [0, 0, 0]


@pytest.mark.parametrize("state", ["23505", "23P01", "22012"])
def test_what_would_fail_again_is_not_tried_again(empty: Database, state: str) -> None:
    tries = 0

    def work(session: Session) -> None:
        nonlocal tries
        tries += 1
        fail(session, state)

    with pytest.raises(DBAPIError):
        empty.attempt(work)
    assert tries == 1


@pytest.mark.parametrize("state", ["53100", "53200", "53300", "57P01", "57P03", "25006"])
def test_a_server_that_cannot_write_is_unavailable(empty: Database, state: str) -> None:
    with pytest.raises(Unavailable), empty.transaction() as session:
        fail(session, state)


def test_a_server_that_is_away_is_unavailable_at_once() -> None:
    began = time.monotonic()
    with opened("postgresql+psycopg://nobody@127.0.0.1:1/nothing") as db:
        with pytest.raises(Unavailable), db.transaction() as session:
            session.execute(text("SELECT 1"))
        with pytest.raises(Unavailable), db.single():
            raise AssertionError("nobody is there to read from")
    assert time.monotonic() - began < 3


def test_a_question_that_takes_too_long_is_given_up(migrated: str) -> None:
    with (
        opened(migrated, statement_timeout=100) as db,
        pytest.raises(Unavailable),
        db.transaction() as session,
    ):
        session.execute(text("SELECT pg_sleep(5)"))


def test_a_lock_that_somebody_keeps_is_not_waited_for_for_ever(empty: Database, migrated: str) -> None:
    with empty.transaction() as session:
        held = add_patient(session)
    row = select(Resource).where(Resource.id == held).with_for_update()
    with opened(migrated, lock_timeout=100) as hasty, empty.transaction() as holder:
        holder.execute(row)
        with pytest.raises(Unavailable), hasty.transaction() as session:
            session.execute(row)


def test_a_connection_that_breaks_in_the_middle_is_unavailable_and_the_next_one_works(migrated: str) -> None:
    with opened(migrated) as db:
        with pytest.raises(Unavailable), db.transaction() as session:
            session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        with db.transaction() as session:
            assert session.execute(text("SELECT 1")).scalar_one() == 1


def test_a_connection_that_died_while_it_lay_idle_is_not_noticed_by_anybody(migrated: str) -> None:
    with opened(migrated, pool=1) as db, opened(migrated) as other:
        with db.transaction() as session:
            pid = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with other.transaction() as session:
            session.execute(text("SELECT pg_terminate_backend(:pid, 1000)"), {"pid": pid})
        with db.transaction() as session:
            assert session.execute(text("SELECT pg_backend_pid()")).scalar_one() != pid


@pytest.mark.parametrize(("rested", "asked"), [(60.0, False), (0.0, True)])
def test_a_server_is_asked_whether_it_is_there_after_a_rest_alone(
    migrated: str, monkeypatch: pytest.MonkeyPatch, rested: float, asked: bool
) -> None:
    monkeypatch.setattr(liveness, "RESTED", rested)
    last = text("SELECT query FROM pg_stat_activity WHERE pid = :pid")
    with opened(migrated, pool=1) as db, opened(migrated) as other:
        with db.transaction() as session:
            pid = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with db.engine.connect(), other.transaction() as observer:
            assert (observer.execute(last, {"pid": pid}).scalar_one() != "COMMIT") == asked


def test_a_process_whose_connections_are_all_in_use_says_unavailable(migrated: str) -> None:
    with opened(migrated, pool=1, pool_timeout=0.1) as db, db.single():
        with pytest.raises(Unavailable), db.transaction() as session:
            session.execute(text("SELECT 1"))
        with pytest.raises(Unavailable), db.single():
            raise AssertionError("there is no second connection")


def test_errors_never_repeat_what_somebody_typed(empty: Database) -> None:
    with pytest.raises(DBAPIError) as refused, empty.transaction() as session:
        session.execute(text("SELECT CAST(:typed AS text), 1 / 0"), {"typed": "Canary"})
    assert "Canary" not in str(refused.value)


def test_now_is_the_databases_clock_and_the_offset_of_a_rehearsal(migrated: str) -> None:
    with opened(migrated) as plain, opened(migrated, clock_offset=86_400) as rehearsal:
        with plain.transaction() as session:
            today = plain.now(session)
        with rehearsal.transaction() as session:
            tomorrow = rehearsal.now(session)
    assert today.utcoffset() == timedelta()
    assert timedelta(hours=24) <= tomorrow - today < timedelta(hours=24, minutes=1)
