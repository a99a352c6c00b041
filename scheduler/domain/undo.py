"""Taking one step back: what may be undone, and for how long."""

from datetime import datetime
from typing import NamedTuple

from scheduler.domain.visits import BY_STAFF, UNDO_WITHIN, UNDO_WITHIN_ELSE, Act, VisitStatus


class Step(NamedTuple):
    """The last act that changed the status of a visit."""

    act: str
    came_from: str | None
    at: datetime


def may_be_undone(status: VisitStatus, last: Step | None, start: datetime, now: datetime) -> bool:
    """Whether staff may go back over the last step: one step, a moment ago.

    Who was marked as not having come may have come after all: that is open whatever came before it. What was
    cancelled comes back only before it would have begun.
    """
    leads_to = BY_STAFF[Act.UNDO].get(status)
    if last is None or leads_to is None or last.act == Act.UNDO:
        return False
    if now - last.at > UNDO_WITHIN.get(status, UNDO_WITHIN_ELSE):
        return False
    if status is not VisitStatus.NOSHOW and last.came_from != leads_to:
        return False
    return status is not VisitStatus.CANCELLED or start > now
