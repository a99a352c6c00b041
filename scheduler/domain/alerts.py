"""Who of the clinic hears of a task, and when: what the `alerts` of the clinic file come to."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from scheduler.domain.clinic import Clinic
from scheduler.domain.messages import ChannelName
from scheduler.domain.opening import next_open

DEFAULT = "default"
"""The entry for every kind of task that has none of its own."""
OUT_OF_HOURS = -1
"""The step of those who are told while the clinic is closed; 0 is `tell`, and `then` counts from 1."""
COUNTS = timedelta(days=1)
"""For so long after it is due an alert is worth sending."""


class PlannedAlert(NamedTuple):
    """An alert that is to become a row: to which contact, counted from 0, of which step."""

    step: int
    to: int
    channel: ChannelName
    due_at: datetime


def plan_alerts(clinic: Clinic, task: str, now: datetime) -> list[PlannedAlert]:
    """Whom to tell of a task of this kind that opens now.

    While the clinic is closed only those out of hours are told; the others hear of it when it opens. `after`
    counts from when the first were told.
    """
    entry = _entry(clinic, task)
    if entry is None:
        return []
    begins = next_open(clinic, now) or now
    due = {OUT_OF_HOURS: now} if begins > now else {}
    due[0] = begins
    for step, escalation in enumerate(entry["then"], 1):
        at = begins + timedelta(minutes=escalation["after"])
        due[step] = next_open(clinic, at) or at
    return [
        PlannedAlert(step, to, _channel(contact), at)
        for step, at in due.items()
        for to, contact in enumerate(_contacts(entry, step))
    ]


def alert_contact(clinic: Clinic, task: str, step: int, to: int, channel: ChannelName) -> str | None:
    """The mail address or phone number; None where the clinic file has none in that place any more."""
    entry = _entry(clinic, task)
    contacts = _contacts(entry, step) if entry else ()
    return contacts[to] if to < len(contacts) and _channel(contacts[to]) is channel else None


def _entry(clinic: Clinic, task: str) -> Mapping[str, Any] | None:
    alerts = clinic.carried.get("alerts", {})
    found: Mapping[str, Any] | None = alerts.get(task, alerts.get(DEFAULT))
    return found


def _contacts(entry: Mapping[str, Any], step: int) -> Sequence[str]:
    lists: dict[int, Sequence[str]] = {OUT_OF_HOURS: entry["out_of_hours"], 0: entry["tell"]}
    lists |= {number: each["tell"] for number, each in enumerate(entry["then"], 1)}
    return lists.get(step, ())


def _channel(contact: str) -> ChannelName:
    """People of the clinic gave their numbers for this: no consent, cap or night keeps it from them."""
    return ChannelName.EMAIL if "@" in contact else ChannelName.SMS
