"""Rows of whole tables as one parameter: PostgreSQL takes them apart in less time than a driver puts in."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import TextualSelect, column, text
from sqlalchemy.dialects.postgresql import Range

from scheduler.db.models import Base

Row = Mapping[str, Any]


def query(sql: str, *columns: str) -> TextualSelect:
    """A statement that is put together once, and its answer: of plain text that is found out each time."""
    return text(sql).columns(*map(column, columns))


def _given(model: type[Base]) -> str:
    """Rows of that table which come as the parameter of its name, spelled by `spell`."""
    name = model.table().name
    return f"jsonb_populate_recordset(CAST(NULL AS {name}), CAST(:{name} AS jsonb))"


def select_given(model: type[Base]) -> str:
    """SQL for rows of a table that come as the parameter of its name, spelled by `spell`."""
    return f"SELECT * FROM {_given(model)}"  # noqa: S608 - our own names


def insert_given(model: type[Base]) -> str:
    """SQL that enters them. What a row leaves out is null: the model's own defaults do not count."""
    table = model.table()
    names = ", ".join(each.name for each in table.columns if each.identity is None)
    return f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {_given(model)}"  # noqa: S608 - our own names


def spell(rows: Sequence[Row]) -> str:
    """Rows by column, as JSON whose strings are what PostgreSQL reads."""
    return orjson.dumps(rows, default=_spell, option=orjson.OPT_PASSTHROUGH_DATACLASS).decode()


def _spell(value: object) -> str:
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    if isinstance(value, Range):
        lower, upper = value.lower, value.upper
        assert isinstance(lower, datetime) and isinstance(upper, datetime)
        return f"[{lower.isoformat()},{upper.isoformat()})"
    raise TypeError(f"no column takes {type(value).__name__}")
