"""The judgement over what a program was told, by what patients know and by what it heard."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.faults.patients import KnownVisit
from tests.faults.wires import Receipt

Event = tuple[str, str, int]
"""Of which visit, what, and the SEQUENCE that it has since then."""


@dataclass(frozen=True)
class Hearing:
    planned: int
    lost: int
    repeated: int
    """Copies beyond the first: a program knows them by their id."""
    complaints: Sequence[str]


def hear(visits: Sequence[KnownVisit], receipts: Sequence[Receipt]) -> Hearing:
    expected = [event for visit in visits for event in _events(visit)]
    heard = _heard(receipts)
    lost = [f"the program never heard {event}" for event in expected if event not in heard]
    return Hearing(
        planned=len(expected),
        lost=len(lost),
        repeated=sum(len(heard[event]) - 1 for event in expected if event in heard),
        complaints=[*lost, *_unlike_themselves(heard)],
    )


def _events(visit: KnownVisit) -> Iterator[Event]:
    """All that was done to it, as whoever did it knows."""
    yield visit.id, "visit.booked", 0
    for sequence in range(1, visit.sequence + 1):
        ended = visit.cancelled and sequence == visit.sequence
        yield visit.id, "visit.cancelled" if ended else "visit.rescheduled", sequence


def _heard(receipts: Sequence[Receipt]) -> Mapping[Event, list[Receipt]]:
    found: dict[Event, list[Receipt]] = defaultdict(list)
    for each in receipts:
        said = json.loads(each.content)
        found[said["data"]["id"], said["type"], said["data"]["sequence"]].append(each)
    return found


def _unlike_themselves(heard: Mapping[Event, list[Receipt]]) -> Iterator[str]:
    """Copies that a program would take for something else."""
    for event, copies in heard.items():
        if len({(each.message_id, each.content) for each in copies}) > 1:
            yield f"the copies of {event} differ"
