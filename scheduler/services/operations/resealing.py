"""Sealed values under the active key: all of them, a few rows at a time, while everything else goes on.

Columns are found in the models, so that none is forgotten: whatever holds bytes and is no hash is sealed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from sqlalchemy import Column, ColumnElement, LargeBinary, Table, and_, func, or_, select, update
from sqlalchemy.orm import Session

from scheduler.db.engine import Database
from scheduler.db.models import Base
from scheduler.db.secrets import CannotOpen, Vault

BATCH = 100
"""Rows of one transaction: it locks them for some milliseconds."""
NOT_SEALED = frozenset({"hash", "seal", "key", "client", "digest", "text_sha256"})
"""Columns of bytes that hide nothing, or nothing that could be opened; and all that end in `_hash`."""


@dataclass(frozen=True, slots=True)
class Resealed:
    """How many rows were sealed anew; those that did not open, and those that somebody held just then."""

    rows: int
    unopened: list[str]
    left: int


@dataclass(slots=True)
class _Batch:
    last: object
    done: int
    unopened: list[str]


def sealed_columns() -> Iterator[tuple[Table, list[Column[bytes]]]]:
    """By table. Each has one primary key, which values are tied to."""
    for table in Base.metadata.sorted_tables:
        bytes_ = [each for each in table.columns if isinstance(each.type, LargeBinary)]
        sealed = [c for c in bytes_ if c.name not in NOT_SEALED and not c.name.endswith("_hash")]
        if sealed:
            yield table, sealed


def reseal(db: Database, vault: Vault, batch: int = BATCH) -> Resealed:
    """Seal everything with the active key. Again, it changes nothing; no row is ever half done."""
    rows, unopened, left = 0, list[str](), 0
    for table, columns in sealed_columns():
        last: object = None
        while (found := db.attempt(partial(_reseal_some, table, columns, vault, last, batch))) is not None:
            last, rows = found.last, rows + found.done
            unopened += found.unopened
        with db.transaction() as session:
            left += session.execute(
                select(func.count()).select_from(table).where(_old(columns, vault))
            ).scalar_one()
    return Resealed(rows, unopened, left)


def _old(columns: list[Column[bytes]], vault: Vault) -> ColumnElement[bool]:
    prefix = vault.active_prefix
    return or_(*(and_(c.is_not(None), func.substring(c, 1, len(prefix)) != prefix) for c in columns))


def _reseal_some(
    table: Table, columns: list[Column[bytes]], vault: Vault, last: object, batch: int, session: Session
) -> _Batch | None:
    """None at the end of the table. Rows that somebody else has in hand are left: nobody waits for us."""
    (key,) = table.primary_key.columns
    old = select(key, *columns).where(_old(columns, vault)).order_by(key).limit(batch)
    if last is not None:
        old = old.where(key > last)
    found = session.execute(old.with_for_update(skip_locked=True, key_share=True)).all()
    if not found:
        return None
    done, unopened = 0, list[str]()
    for row in found:
        try:
            values = dict(_anew(table, columns, vault, row[0], row[1:]))
        except CannotOpen as error:
            unopened.append(f"{error} ({table.name} {row[0]})")
            continue
        session.execute(update(table).where(key == row[0]).values(values))
        done += 1
    return _Batch(found[-1][0], done, unopened)


def _anew(
    table: Table, columns: list[Column[bytes]], vault: Vault, key: UUID | int, values: Sequence[bytes | None]
) -> Iterator[tuple[str, bytes]]:
    for name, text in opened(table, columns, vault, key, values):
        yield name, vault.seal(f"{table.name}.{name}", _row(key), text)


def opened(
    table: Table, columns: list[Column[bytes]], vault: Vault, key: UUID | int, values: Sequence[bytes | None]
) -> Iterator[tuple[str, str]]:
    """What is sealed in a row, by column. Raises CannotOpen."""
    for column, value in zip(columns, values, strict=True):
        if value is not None:
            yield column.name, vault.open(f"{table.name}.{column.name}", _row(key), value)


def _row(key: UUID | int) -> UUID:
    """What a value is tied to."""
    return key if isinstance(key, UUID) else UUID(int=key)
