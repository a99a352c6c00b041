"""What workers do on the network besides delivering: a name, and the use case that does it for one row.

A use case plans its errand in the transaction that makes it necessary (`services.ground.errands.plan`), and
may be called again at any time: after a death in its midst, or because somebody planned it anew meanwhile.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from uuid import UUID

from scheduler.bootstrap import Runtime
from scheduler.domain.messages import ErrandHint
from scheduler.services.ground import errands
from scheduler.services.inbound.mailbox import READ, read_mailbox
from scheduler.services.outside.keeping import FETCH
from scheduler.services.outside.polling import poll
from scheduler.services.rooms.keeping import keep_room
from scheduler.services.rooms.wanting import KEEP_ROOM

log = logging.getLogger(__name__)

Work = Callable[[Runtime, str], timedelta | None]
"""Does it for one row; after which time it is due again, or None if it is done for good."""


def _fetch_outside_calendar(run: Runtime, row: str) -> timedelta | None:
    return poll(run.desk, row)


def _keep_video_room(run: Runtime, row: str) -> timedelta | None:
    return keep_room(run.desk, UUID(row))


def _read_mailbox(run: Runtime, row: str) -> timedelta | None:
    return read_mailbox(run.desk)


ERRANDS: Mapping[str, Work] = {
    FETCH: _fetch_outside_calendar,
    KEEP_ROOM: _keep_video_room,
    READ: _read_mailbox,
}


def run_errand(run: Runtime, hint: ErrandHint) -> bool:
    """Do it, if it is due; whether it was done. One that fails is due again after its lease."""
    work = ERRANDS.get(hint.work)
    if work is None:  # a newer release planned it; its own workers know it
        log.warning("an errand that this release does not know: %s", hint.work)
        return False
    with run.db.transaction() as session:
        until = errands.take(session, hint, run.db.now(session))
    if until is None:
        return False
    again = work(run, hint.row)
    with run.db.transaction() as session:
        errands.done(session, hint, until, None if again is None else run.db.now(session) + again)
    return True
