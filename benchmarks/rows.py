"""Messages by the hundred thousand, made of a few that were really booked."""

from datetime import timedelta
from typing import cast

import psycopg
from sqlalchemy import Table

from scheduler.db.models import Base, Message, Recipient, Visit

MADE = 1_000_000
"""Minutes: reminders with more than that were made here, to be sent; planned ones have next to none."""
PER_VISIT = 3
"""Messages of one visit: as many as a clinic's reminder plan gives."""


def add_due(connection: psycopg.Connection, count: int, within: timedelta) -> None:
    """So many reminders of the visits that were booked, all of them due at the same instant."""
    changed = {
        "offset_minutes": f"(SELECT greatest(max(offset_minutes), {MADE}) FROM messages) + number",
        "message_id": "md5(random()::text)",
        "state": "'pending'",
        "due_at": "now() + %(within)s",
        "next_at": "now() + %(within)s",
    }
    booked = (
        "(SELECT DISTINCT ON (recipient_id, channel) * FROM messages"
        f" WHERE kind = 'reminder' AND offset_minutes BETWEEN 1000 AND {MADE})"
    )
    (some,) = connection.execute(f"SELECT count(*) FROM {booked} AS m").fetchone() or (0,)
    source = f"{booked} AS m CROSS JOIN generate_series(1, {-(-count // some)}) AS number"
    query = f"{_copy(Message, source, changed)} LIMIT {count}"
    connection.execute(query, {"within": within})


def add_planned(connection: psycopg.Connection, count: int) -> None:
    """So many reminders of visits in the next 90 days, each visit with a recipient of its own."""
    connection.execute("DROP TABLE IF EXISTS copies")
    connection.execute(
        "CREATE TEMP TABLE copies AS SELECT gen_random_uuid() AS visit, gen_random_uuid() AS recipient,"
        " now() + interval '1 hour' + random() * interval '90 days' AS at FROM generate_series(1, %s)",
        [count // PER_VISIT],
    )
    one = "(SELECT * FROM {} LIMIT 1) AS m CROSS JOIN copies"
    visit = {"id": "visit", "uid": "gen_random_uuid()", "reference_hash": "uuid_send(gen_random_uuid())"}
    connection.execute(_copy(Visit, one.format("visits"), visit))
    recipient = {"id": "recipient", "visit_id": "visit"}
    connection.execute(_copy(Recipient, one.format("recipients"), recipient))
    message = {
        "visit_id": "visit",
        "recipient_id": "recipient",
        "offset_minutes": "number",
        "message_id": "md5(random()::text)",
        **dict.fromkeys(("due_at", "next_at"), "at + number * interval '1 day'"),
        "expires_at": "at + interval '10 days'",
    }
    pending = "(SELECT * FROM messages WHERE kind = 'reminder' AND state = 'pending' LIMIT 1)"
    source = f"{pending} AS m CROSS JOIN copies CROSS JOIN generate_series(1, {PER_VISIT}) AS number"
    connection.execute(_copy(Message, source, message))
    connection.execute("ANALYZE visits, recipients, messages")


def _copy(model: type[Base], source: str, changed: dict[str, str]) -> str:
    """Rows as those of `source`, called m, but for what is changed."""
    table = cast(Table, model.__table__)
    names = [each.name for each in table.columns if each.identity is None]
    values = ", ".join(changed.get(name, f"m.{name}") for name in names)
    return f"INSERT INTO {table.name} ({', '.join(names)}) SELECT {values} FROM {source}"
