"""The states of a visit."""

from enum import StrEnum

from scheduler.domain.clinic import Approval


class VisitStatus(StrEnum):
    PENDING = "pending"
    """Asked for; its time is taken, staff still have to approve."""
    BOOKED = "booked"


def first_status(approval: Approval) -> VisitStatus:
    """What a booking becomes."""
    return VisitStatus.PENDING if approval is Approval.STAFF else VisitStatus.BOOKED
