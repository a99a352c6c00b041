"""Who hears of a task, and when, told on a clock and a calendar."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest

from scheduler.domain.alerts import OUT_OF_HOURS, PlannedAlert, alert_contact, plan_alerts
from scheduler.domain.messages import ChannelName
from scheduler.domain.opening import next_open
from tests.domain.example import CHICAGO, clinic, hours, practitioner

ALERTS = {
    "default": {
        "tell": ["+14095550120", "desk@example.org"],
        "then": [{"after": 240, "tell": ["manager@example.org"]}],
        "out_of_hours": ["night@example.org", "+14095550121"],
    },
    "approve": {"tell": ["office@example.org"], "then": [], "out_of_hours": []},
}
WEEKDAYS = practitioner("one", hours(days=frozenset(range(5))))
OFFICE = replace(clinic(WEEKDAYS, holidays={date(2026, 12, 25)}), carried={"alerts": ALERTS})
"""Monday to Friday, 9 to 5, in Chicago."""


def central(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 12, day, hour, minute, tzinfo=CHICAGO)


def planned(task: str, now: datetime) -> list[PlannedAlert]:
    return plan_alerts(OFFICE, task, now)


def mail(step: int, to: int, due: datetime) -> PlannedAlert:
    return PlannedAlert(step, to, ChannelName.EMAIL, due)


def text(step: int, to: int, due: datetime) -> PlannedAlert:
    return PlannedAlert(step, to, ChannelName.SMS, due)


def test_in_opening_hours_the_first_are_told_at_once_and_the_next_in_time() -> None:
    assert planned("call", central(1, 10)) == [
        text(0, 0, central(1, 10)),
        mail(0, 1, central(1, 10)),
        mail(1, 0, central(1, 14)),
    ]


def test_out_of_hours_the_others_hear_of_it_when_the_clinic_opens() -> None:
    assert planned("call", central(1, 20)) == [
        mail(OUT_OF_HOURS, 0, central(1, 20)),
        text(OUT_OF_HOURS, 1, central(1, 20)),
        text(0, 0, central(2, 9)),
        mail(0, 1, central(2, 9)),
        mail(1, 0, central(2, 13)),
    ]


def test_who_would_be_told_next_after_closing_time_is_told_in_the_morning() -> None:
    assert planned("call", central(1, 15))[-1] == mail(1, 0, central(2, 9))


def test_a_kind_of_task_has_its_own_entry() -> None:
    assert planned("approve", central(1, 10)) == [mail(0, 0, central(1, 10))]


def test_a_clinic_that_is_never_open_or_says_nothing_of_alerts_waits_for_nothing() -> None:
    closed = replace(OFFICE, practitioners=())
    assert [each.due_at for each in plan_alerts(closed, "approve", central(1, 10))] == [central(1, 10)]
    assert plan_alerts(replace(OFFICE, carried={}), "call", central(1, 10)) == []


def test_a_contact_is_found_by_its_place_and_only_where_there_is_one_of_that_channel() -> None:
    find = partial(alert_contact, OFFICE, "call")
    assert find(0, 1, ChannelName.EMAIL) == "desk@example.org"
    assert find(0, 0, ChannelName.SMS) == "+14095550120"
    assert find(OUT_OF_HOURS, 0, ChannelName.EMAIL) == "night@example.org"
    for step, to in ((0, 0), (0, 2), (2, 0), (OUT_OF_HOURS, 1)):  # a number, and nothing
        assert find(step, to, ChannelName.EMAIL) is None
    assert alert_contact(replace(OFFICE, carried={}), "call", 0, 1, ChannelName.EMAIL) is None


@pytest.mark.parametrize(
    ("since", "opens"),
    [
        (central(1, 8, 59), central(1, 9)),
        (central(1, 9), central(1, 9)),
        (central(1, 16, 59), central(1, 16, 59)),
        (central(1, 17), central(2, 9)),
        (central(4, 18), central(7, 9)),  # a weekend
        (central(24, 18), central(28, 9)),  # Christmas, and a weekend
    ],
)
def test_the_clinic_opens_next(since: datetime, opens: datetime) -> None:
    assert next_open(OFFICE, since) == opens
    assert next_open(OFFICE, since.astimezone(UTC)) == opens


def test_a_clinic_without_hours_never_opens() -> None:
    assert next_open(replace(OFFICE, practitioners=()), central(1, 9) + timedelta(hours=1)) is None
