"""What programs elsewhere are told of a visit: that something happened, and to which."""

from collections.abc import Mapping
from datetime import timedelta

from scheduler.domain.visits import Act, VisitStatus

EVENTS: Mapping[str, str] = {
    Act.APPROVE: "visit.approved",
    Act.DECLINE: "visit.declined",
    Act.EXPIRE: "visit.expired",
    Act.CONFIRM: "visit.confirmed",
    Act.RESCHEDULE: "visit.rescheduled",
    Act.CONVERT: "visit.converted",
    Act.CANCEL: "visit.cancelled",
    Act.ARRIVE: "visit.arrived",
    Act.CHECK_IN: "visit.checked-in",
    Act.COMPLETE: "visit.completed",
    Act.NO_SHOW: "visit.no-show",
    Act.UNDO: "visit.undone",
    Act.ENTERED_IN_ERROR: "visit.entered-in-error",
}
"""By the act. Acts that are about somebody's contact or links are nobody's business."""

BOOK = "book"
BOOKED, REQUESTED = "visit.booked", "visit.requested"
TYPES = (BOOKED, REQUESTED, *EVENTS.values())

WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""Between one try and the next; the first is made at once, and after the last one it is given up."""
COUNTS = timedelta(days=4)
"""More than all tries take."""
BOTH_SIGN = timedelta(hours=24)
"""For so long after a rotation the former secret signs, too."""


def event_type(act: str, status: VisitStatus) -> str | None:
    """What an act is called that led to this status; None where nobody is told."""
    if act == BOOK:
        return REQUESTED if status is VisitStatus.PENDING else BOOKED
    return EVENTS.get(act)
