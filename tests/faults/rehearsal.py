"""What a rehearsal adds to the database: a clock that can be set forward, and a log of what passed the fence.

The service has one clock, the database's. A schema that is looked into before PostgreSQL's own names puts
another in its place, so that the whole service lives through a day in seconds, and no row is touched for it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Row, create_engine, make_url, text

SCHEMA = """
CREATE SCHEMA rehearsal;
CREATE TABLE rehearsal.clock (ahead interval NOT NULL);
INSERT INTO rehearsal.clock VALUES ('0');
CREATE FUNCTION rehearsal.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS
    'SELECT pg_catalog.clock_timestamp() + ahead FROM rehearsal.clock';
CREATE TABLE rehearsal.handovers (message bigint NOT NULL);
CREATE FUNCTION rehearsal.note_handover() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN INSERT INTO rehearsal.handovers VALUES (NEW.id); RETURN NULL; END';
CREATE TRIGGER note_handover AFTER UPDATE OF state ON messages FOR EACH ROW
    WHEN (NEW.state = 'handoff' AND OLD.state <> 'handoff') EXECUTE FUNCTION rehearsal.note_handover();
"""

STALE = """
SELECT DISTINCT message.id
FROM rehearsal.handovers AS handover
JOIN messages AS message ON message.id = handover.message
JOIN visit_events AS event ON event.visit_id = message.visit_id AND event.sequence > message.sequence
WHERE pg_xact_commit_timestamp(handover.xmin) > pg_xact_commit_timestamp(event.xmin)
"""
"""Both rows are never changed, so what made them is the transaction whose commit PostgreSQL dates."""


class Rehearsal:
    """The database as the harness sees it; `offset` is the service's own setting."""

    def __init__(self, url: str, offset: float) -> None:
        # It must go on where the service's own commits are held up.
        options = {"options": "-c synchronous_commit=off -c timezone=UTC"}
        self._engine: Engine = create_engine(
            url, isolation_level="AUTOCOMMIT", pool_pre_ping=True, connect_args=options
        )
        self._offset = timedelta(seconds=offset)
        name = make_url(url).database
        with self._engine.connect() as connection:
            connection.execute(text(SCHEMA))
            connection.execute(text(f"ALTER DATABASE {name} SET search_path = rehearsal, pg_catalog, public"))
        self._engine.dispose()  # connections look there from their beginning

    def ask(self, query: str, **values: object) -> Sequence[Row[Any]]:
        with self._engine.connect() as connection:
            answer = connection.execute(text(query), values)
            return answer.all() if answer.returns_rows else []

    def now(self) -> datetime:
        """As the service sees it."""
        instant: datetime = self.ask("SELECT clock_timestamp()")[0][0]
        return instant + self._offset

    def forward(self, by: timedelta) -> None:
        self.ask("UPDATE rehearsal.clock SET ahead = ahead + :by", by=by)

    def forward_to(self, instant: datetime) -> None:
        self.forward(max(instant - self.now(), timedelta(0)))

    def stale(self) -> set[int]:
        """Messages that passed the fence after something newer about their visit had been committed."""
        return {row.id for row in self.ask(STALE)}

    @contextmanager
    def holding(self, lock: str) -> Iterator[None]:
        with self._engine.connect() as connection, connection.begin():
            connection.execute(text("BEGIN"))
            connection.execute(text(lock))
            yield
            connection.execute(text("COMMIT"))

    def waiting(self, what: str) -> bool:
        """Whether some transaction of the service waits for that: `Lock`, `SyncRep`."""
        query = "SELECT 1 FROM pg_stat_activity WHERE :what IN (wait_event_type, wait_event) LIMIT 1"
        return bool(self.ask(query, what=what))

    def configure(self, setting: str, value: str) -> None:
        self.ask(f"ALTER SYSTEM SET {setting} = '{value}'")
        self.ask("SELECT pg_reload_conf()")

    def drop_connections(self) -> None:
        self.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'visits'")

    def close(self) -> None:
        self._engine.dispose()
