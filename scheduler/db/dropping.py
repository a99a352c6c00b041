"""Clearing away what counts no more, some at a time: a statement has five seconds, however much there is."""

from sqlalchemy import ColumnElement, delete, select, tuple_
from sqlalchemy.orm import Session

from scheduler.db.models import Base

MOST_DROPPED = 1_000


def drop_some(session: Session, model: type[Base], *which: ColumnElement[bool]) -> int:
    """Delete rows of which all that holds; how many. Who finds them locked leaves them for the next time."""
    table = model.table()
    key = tuple(table.primary_key.columns)
    some = select(*key).where(*which).limit(MOST_DROPPED).with_for_update(of=table, skip_locked=True)
    dropped = delete(table).where(tuple_(*key).in_(some)).returning(key[0])
    return len(session.execute(dropped).all())
