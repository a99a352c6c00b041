"""Connections and transactions: one `with` is one transaction."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection, create_engine, func, select
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.orm import Session

from scheduler.db.connection import connect_steadily
from scheduler.db.liveness import watch
from scheduler.domain.errors import Unavailable

T = TypeVar("T")

DEADLOCK = "40P01"
SERIALIZATION = "40001"
EXCLUSION = "23P01"
AGAIN = frozenset({DEADLOCK, SERIALIZATION})
CANNOT_WRITE = frozenset({"25006", "53100", "53200", "53300", "55P03", "57014", "57P01", "57P02", "57P03"})
"""Read-only, out of disk, memory or connections, lock or statement timeout, shutting down."""

TRIES = 5
CLOCK = func.clock_timestamp().label("clock")
"""For a statement that is the first of its transaction; rehearsals add their offset to it."""
_ASK_CLOCK = select(CLOCK)


def sqlstate(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


class Database:
    """The connections of one process. Make it after the fork."""

    def __init__(
        self,
        url: str,
        *,
        pool: int = 8,
        pool_timeout: float = 5,
        statement_timeout: int = 5_000,
        lock_timeout: int = 4_000,
        clock_offset: float = 0.0,
    ) -> None:
        """`statement_timeout` and `lock_timeout` in milliseconds, the other times in seconds."""
        self.offset = timedelta(seconds=clock_offset)
        self.engine = create_engine(
            url,
            pool_size=pool,
            max_overflow=0,
            pool_timeout=pool_timeout,
            hide_parameters=True,
            connect_args={
                "connect_timeout": 3,
                "application_name": "visits",
                "client_encoding": "utf8",  # a database without an encoding would answer in bytes
                "options": f"-c statement_timeout={statement_timeout} -c lock_timeout={lock_timeout}"
                " -c idle_in_transaction_session_timeout=60000 -c timezone=UTC",
            },
        )
        connect_steadily(self.engine)
        watch(self.engine)
        self._single = self.engine.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A unit of work: committed at the end, rolled back by any exception.

        Raises Unavailable where the server is away or cannot write.
        """
        with available(), Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def single(self) -> Iterator[Connection]:
        """A connection on which each statement is a transaction, without round trips for BEGIN and COMMIT.

        Raises Unavailable as `transaction` does.
        """
        with available(), self._single.connect() as connection:
            yield connection

    def attempt(self, work: Callable[[Session], T]) -> T:
        """Do `work` in a transaction, after a deadlock or a serialization failure again, up to 5 times."""
        for tries_left in reversed(range(TRIES)):
            try:
                with self.transaction() as session:
                    return work(session)
            except DBAPIError as error:
                if sqlstate(error) not in AGAIN or not tries_left:
                    raise
                time.sleep(random.uniform(0.001, 0.03))  # noqa: S311 - spreads the losers, guards no secret
        raise AssertionError("unreachable")

    def now(self, session: Session | Connection) -> datetime:
        """The instant of this transaction: the database's clock, so that a host's clock decides nothing."""
        instant: datetime = session.execute(_ASK_CLOCK).scalar_one()
        return instant + self.offset

    def timestamp(self, now: datetime) -> int:
        """Seconds as servers elsewhere count them: their clocks know no rehearsal."""
        return int((now - self.offset).timestamp())

    def dispose(self) -> None:
        self.engine.dispose()


@contextmanager
def available() -> Iterator[None]:
    """Turns a server that is away, busy or cannot write into Unavailable."""
    try:
        yield
    except NoConnectionFree as error:
        raise Unavailable from error
    except DBAPIError as error:
        lost = isinstance(error, OperationalError) and not sqlstate(error)
        if lost or error.connection_invalidated or sqlstate(error) in CANNOT_WRITE:
            raise Unavailable from error
        raise
