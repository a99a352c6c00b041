"""Connections that tests have one after the other."""

from typing import Any

from psycopg import Connection
from sqlalchemy import Engine, event
from sqlalchemy.pool import QueuePool


class Standing:
    """Keeps the connections of an engine when a test is over: they have prepared what tests ask for.

    The next test begins with the eldest of them, and gets others in their order where it needs several at
    once: each connection puts its rows somewhere else, and a test would find them in another order.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._kept: list[Connection[Any]] = []
        event.listen(engine, "do_connect", self._one_that_is_kept, insert=True)

    def _one_that_is_kept(self, *_: object) -> Connection[Any] | None:
        return self._kept.pop(0) if self._kept else None

    def settle(self) -> None:
        """After each test."""
        pool = self._engine.pool
        assert isinstance(pool, QueuePool)
        if not pool.checkedout() and pool.checkedin() <= 1:
            return
        for idle in [self._engine.raw_connection() for _ in range(pool.checkedin())]:
            connection = idle.driver_connection
            assert isinstance(connection, Connection)
            idle.detach()
            self._kept.append(connection)
        self._kept.sort(key=lambda each: each.info.backend_pid)
        self._engine.dispose()
