"""The driver's connection, but it keeps its prepared statements when a transaction is rolled back.

The driver drops all of them, for the transaction may have made or altered what they name. Ours never do: a
refusal, or who came second, would cost all who use the connection next a parse and a plan of each statement.
"""

from typing import Any

import psycopg
from psycopg.pq import ExecStatus, TransactionStatus
from sqlalchemy import Engine, event


class SteadyConnection(psycopg.Connection[Any]):
    def rollback(self) -> None:
        with self.lock:
            if self.pgconn.transaction_status == TransactionStatus.IDLE:
                return
            done = self.pgconn.exec_(b"ROLLBACK").status == ExecStatus.COMMAND_OK
        if not done:
            super().rollback()  # which says what is wrong


def connect_steadily(engine: Engine) -> None:
    event.listen(engine, "do_connect", _connect)


def _connect(_dialect: object, _record: object, args: list[Any], named: dict[str, Any]) -> SteadyConnection:
    return SteadyConnection.connect(*args, **named)
