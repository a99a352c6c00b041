"""What all tables share."""

from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase

NAMES = {
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "pk": "%(table_name)s_pkey",
}


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {  # noqa: RUF012 - as SQLAlchemy reads it
        datetime: DateTime(timezone=True),
        str: Text(),
        dict[str, Any]: JSONB(),
    }

    @classmethod
    def table(cls) -> Table:
        """The plain table: rows that are only written need no objects."""
        assert isinstance(cls.__table__, Table)
        return cls.__table__


def one_of(column: str, values: type) -> str:
    """A CHECK that keeps `column` to the members of a StrEnum."""
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"  # type: ignore[attr-defined]
