"""Acts that the service's own rules do, unasked: one that fails stops no other."""

import logging
from collections.abc import Callable
from uuid import UUID

from scheduler.domain.actors import SYSTEM
from scheduler.domain.errors import Conflict, Unavailable
from scheduler.domain.visits import Act
from scheduler.services.changes.scene import Changed, Order, Scene, carry_out
from scheduler.services.ground.desk import Desk

log = logging.getLogger(__name__)


def do_unasked(
    desk: Desk, visit: UUID, version: int, act: Act, perform: Callable[[Scene], None]
) -> Changed | None:
    """In a transaction of its own. None where it failed, or the visit is not what we saw any more: staff or
    the patient may have been quicker by a moment.
    """
    try:
        return carry_out(desk, Order(visit, act, SYSTEM, version), perform)
    except Unavailable:
        raise
    except Conflict:
        return None
    except Exception:
        log.exception("could not %s", act, extra={"visit_id": str(visit)})
        return None
