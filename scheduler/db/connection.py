"""The driver's connection, but it keeps its prepared statements when somebody is refused.

With each ROLLBACK the driver drops all of them, for the transaction may have made or altered what they name.
Ours never do: a refusal would cost all who use the connection next a parse and a plan of each statement.
Where the server has found a fault the driver has its way, for the fault may be of what was prepared.
"""

from typing import Any

import psycopg
from psycopg.pq import ExecStatus, TransactionStatus
from sqlalchemy import Engine, event


class SteadyConnection(psycopg.Connection[Any]):
    def rollback(self) -> None:
        if not self._undone():
            super().rollback()

    def _undone(self) -> bool:
        """Whether that was all."""
        with self.lock:
            in_order = self.pgconn.transaction_status == TransactionStatus.INTRANS
            return in_order and self.pgconn.exec_(b"ROLLBACK").status == ExecStatus.COMMAND_OK


def connect_steadily(engine: Engine) -> None:
    event.listen(engine, "do_connect", _connect)


def _connect(_dialect: object, _record: object, args: list[Any], named: dict[str, Any]) -> SteadyConnection:
    return SteadyConnection.connect(*args, **named)
