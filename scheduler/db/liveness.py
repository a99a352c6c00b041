"""Whether a connection that lay in the pool still leads to a server: asked only where there is a doubt.

The pool's own `pool_pre_ping` asks each time, a round trip for each transaction.
"""

import select
import time
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError

RESTED = 1.0
"""Seconds after which a connection is asked although it is silent: hosts vanish without a word."""
_USED = "used"


def watch(engine: Engine) -> None:
    """Replace what does not answer before anybody gets it."""
    dialect = engine.dialect

    def used(_: object, record: Any) -> None:  # noqa: ANN401 - the pool's own record
        record.info[_USED] = time.monotonic()

    def check(connection: Any, record: Any, _: object) -> None:  # noqa: ANN401 - the driver's connection
        rested = time.monotonic() - record.info.get(_USED, time.monotonic())
        if rested < RESTED and not _speaks(connection):
            return
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error

    event.listen(engine, "checkin", used)
    event.listen(engine, "checkout", check)


def _speaks(connection: Any) -> bool:  # noqa: ANN401
    """Whether the server says something unasked, be it good-bye, or the connection is closed."""
    if connection.closed:
        return True
    heard = select.poll()
    heard.register(connection.fileno(), select.POLLIN)
    return bool(heard.poll(0))
