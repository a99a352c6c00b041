"""One step back, a moment ago."""

from datetime import timedelta

import pytest

from scheduler.domain.undo import Step, may_be_undone
from scheduler.domain.visits import VisitStatus as S
from tests.cast import NOW

HOUR = timedelta(hours=1)
AHEAD = NOW + 3 * HOUR


def ago(minutes: int, act: str, came_from: S) -> Step:
    return Step(act, came_from, NOW - timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("status", "last", "open_"),
    [
        (S.ARRIVED, ago(29, "arrive", S.BOOKED), True),
        (S.ARRIVED, ago(31, "arrive", S.BOOKED), False),
        (S.CHECKED_IN, ago(1, "check-in", S.ARRIVED), True),
        (S.FULFILLED, ago(1, "complete", S.CHECKED_IN), True),
        (S.ARRIVED, ago(1, "undo", S.CHECKED_IN), False),
        (S.BOOKED, ago(1, "approve", S.PENDING), False),
        (S.CANCELLED, ago(1, "cancel", S.BOOKED), True),
        (S.CANCELLED, ago(1, "cancel", S.ARRIVED), False),
        (S.CANCELLED, ago(1, "decline", S.PENDING), False),
        (S.NOSHOW, ago(23 * 60, "no-show", S.ARRIVED), True),
        (S.NOSHOW, ago(25 * 60, "no-show", S.BOOKED), False),
        (S.NOSHOW, None, False),
    ],
)
def test_a_step_is_undone_alone_and_for_a_while(status: S, last: Step | None, open_: bool) -> None:
    assert may_be_undone(status, last, AHEAD, NOW) is open_


def test_a_cancelled_visit_does_not_come_back_once_it_would_have_begun() -> None:
    assert not may_be_undone(S.CANCELLED, ago(1, "cancel", S.BOOKED), NOW, NOW)
