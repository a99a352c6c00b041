"""The states of a visit."""

from scheduler.domain.clinic import Approval
from scheduler.domain.visits import VisitStatus, first_status


def test_a_visit_that_nobody_has_to_approve_is_booked_at_once() -> None:
    assert first_status(Approval.AUTO) is VisitStatus.BOOKED


def test_a_visit_that_staff_look_at_first_is_pending() -> None:
    assert first_status(Approval.STAFF) is VisitStatus.PENDING
