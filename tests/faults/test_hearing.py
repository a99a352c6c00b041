"""Whoever judges what a program heard condemns what it should."""

import json
from dataclasses import replace
from datetime import UTC, datetime

from tests.faults.hearing import hear
from tests.faults.patients import KnownVisit
from tests.faults.wires import Receipt

VISIT = KnownVisit("visit-1", "token", datetime(2026, 12, 3, 15, tzinfo=UTC), told=[])
ENDED = replace(VISIT, sequence=2, cancelled=True)


def hook(type: str, sequence: int, id: str = "", status: str = "booked") -> Receipt:
    said = {"type": type, "data": {"id": "visit-1", "status": status, "sequence": sequence}}
    return Receipt(json.dumps(said).encode(), id or f"msg-{type}-{sequence}", "visit-1")


BOOKED, MOVED = hook("visit.booked", 0), hook("visit.rescheduled", 1)
CANCELLED = hook("visit.cancelled", 2)


def test_a_program_that_heard_all_in_any_order_has_heard_all() -> None:
    found = hear([ENDED], [CANCELLED, BOOKED, MOVED])
    assert (found.planned, found.lost, found.repeated, found.complaints) == (3, 0, 0, [])


def test_each_thing_that_it_never_heard_is_lost() -> None:
    found = hear([ENDED, replace(VISIT, id="visit-2")], [BOOKED, CANCELLED])
    assert (found.planned, found.lost) == (4, 2)
    assert "visit.rescheduled" in found.complaints[0] and "visit-2" in found.complaints[1]


def test_a_copy_is_known_by_its_id_and_says_the_same() -> None:
    again = hear([VISIT], [BOOKED, BOOKED])
    assert (again.repeated, again.complaints) == (1, [])
    other_id, other_words = hook("visit.booked", 0, id="msg-other"), hook("visit.booked", 0, status="pending")
    for other in (other_id, other_words):
        (said,) = hear([VISIT], [BOOKED, other]).complaints
        assert "differ" in said
