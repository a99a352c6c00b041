"""What counts no more is cleared away piece by piece."""

import pytest
from sqlalchemy import func, select

from scheduler.db import dropping
from scheduler.db.dropping import drop_some
from scheduler.db.engine import Database
from scheduler.db.models import IdempotencyKey
from tests.cast import NOW

Key = IdempotencyKey


def add_keys(db: Database, count: int) -> None:
    with db.transaction() as session:
        for number in range(count):
            row = {"caller": "kiosk", "key": f"key-{number}", "body_hash": b"x", "status": 201}
            session.add(Key(route="book", created_at=NOW, **row))


def left(db: Database) -> int:
    with db.transaction() as session:
        return session.execute(select(func.count()).select_from(Key)).scalar_one()


def dropped(db: Database) -> int:
    with db.transaction() as session:
        return drop_some(session, Key, Key.created_at <= NOW, Key.key != "key-0")


def test_only_what_is_meant_is_dropped(empty: Database) -> None:
    add_keys(empty, 3)
    assert (dropped(empty), left(empty), dropped(empty)) == (2, 1, 0)


def test_of_many_rows_some_are_dropped_at_a_time(empty: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dropping, "MOST_DROPPED", 2)
    add_keys(empty, 6)
    assert [dropped(empty) for _ in range(4)] == [2, 2, 1, 0]


def test_what_somebody_is_at_work_on_is_left_for_the_next_time(empty: Database) -> None:
    add_keys(empty, 3)
    with empty.transaction() as session:
        session.execute(select(Key.key).where(Key.key == "key-1").with_for_update())
        assert dropped(empty) == 1
    assert dropped(empty) == 1
