"""Those who book, move and cancel while everything breaks: they try again until they are answered."""

import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import requests

from tests.cast import patient
from tests.faults.clinic import times_of

AT_ONCE = 4
TEXTED = 2
"""One of so many patients has agreed to texts."""
HELPED = 3
"""One of so many patients has somebody who books for them, and who hears of the visit as they do."""
PATIENCE = 90.0
"""Seconds after which somebody would give up; nobody has to."""


@dataclass(frozen=True)
class Person:
    """Somebody who hears of a visit."""

    email: str
    phone: str | None = None
    """Of somebody who agreed to texts; in E.164."""


@dataclass
class KnownVisit:
    """A visit as whoever booked it knows it."""

    id: str
    token: str
    start: datetime
    told: Sequence[Person]
    sequence: int = 0
    cancelled: bool = False
    calm: bool = True
    """It was booked, and whatever was done to it done, before its reminder was due."""

    @property
    def last_news(self) -> str:
        return "cancelled" if self.cancelled else "changed" if self.sequence else "confirmed"


class Patients:
    """Everybody who comes on one day. `numbers` makes each of them somebody else."""

    def __init__(self, address: str, day: date, numbers: range, chance: random.Random) -> None:
        self._address = address
        self._chance = chance
        self._numbers = iter(numbers)
        self._free = iter(chance.sample(times := times_of(day), len(times)))
        self.visits: list[KnownVisit] = []

    def book(self, count: int, calm: bool) -> None:
        wishes = [(next(self._numbers), *next(self._free), calm) for _ in range(count)]
        self.visits += self._together(self._book, wishes)

    def change(self, count: int, calm: bool) -> None:
        """So many of the visits are moved, and as many cancelled."""
        standing = [each for each in self.visits if not each.cancelled]
        chosen = self._chance.sample(standing, min(2 * count, len(standing)))
        for each in chosen:
            each.calm = calm
        moved = [(each, *next(self._free)) for each in chosen[:count]]
        orders: list[tuple[Any, ...]] = [*moved, *((each,) for each in chosen[count:])]
        self._chance.shuffle(orders)
        self._together(self._move_or_cancel, orders)

    def complaints(self) -> list[str]:
        """What the service says of a visit that is not what its patient knows."""
        return [said for said in self._together(self._compare, [(each,) for each in self.visits]) if said]

    def _together(self, act: Callable[..., Any], orders: Sequence[tuple[Any, ...]]) -> list[Any]:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(lambda order: act(*order), orders))

    def _book(self, number: int, start: datetime, doctor: str, calm: bool) -> KnownVisit:
        people, phone = _people(number), _phone(number)
        wish: dict[str, object] = {
            "visit_type": "follow-up",
            "mode": "in_person",
            "location": "main",
            "start": start.isoformat(),
            "practitioner": doctor,
            **people,
        }
        if phone:
            wish["consents"] = ["sms:1"]
        headers = {"Idempotency-Key": f"patient-number-{number:06}"}
        answer = self._answered("POST", "/v1/visits", json=wish, headers=headers)
        assert answer.status_code == 201, answer.text
        told = [Person(str(each["email"]), each.get("phone")) for each in people.values()]
        return KnownVisit(answer.json()["id"], answer.json()["token"], start, told, calm=calm)

    def _move_or_cancel(self, visit: KnownVisit, start: datetime | None = None, doctor: str = "") -> None:
        if start is None:
            self._do(visit, "cancel", {})
            visit.cancelled = True
        else:
            order = {"start": start.isoformat(), "practitioner": doctor, "location": "main"}
            self._do(visit, "reschedule", order)
            visit.start = start
        visit.sequence += 1

    def _do(self, visit: KnownVisit, act: str, order: dict[str, Any]) -> None:
        """Whoever gets no answer looks whether it was done, before they try again.

        By the SEQUENCE: a visit may be moved to the same time with somebody else.
        """
        while True:
            answer = self._try("POST", f"/v1/visits/{visit.id}/{act}", json=order, headers=_as(visit))
            if answer is not None and answer.ok:
                return
            if self._see(visit)["sequence"] > visit.sequence:
                return
            assert answer is None or answer.status_code >= 500, answer.text

    def _see(self, visit: KnownVisit) -> dict[str, Any]:
        seen: dict[str, Any] = self._answered("GET", f"/v1/visits/{visit.id}", headers=_as(visit)).json()
        return seen

    def _compare(self, visit: KnownVisit) -> str | None:
        seen = self._see(visit)
        said = (seen["status"], seen["sequence"], datetime.fromisoformat(seen["start"]))
        known = ("cancelled" if visit.cancelled else "booked", visit.sequence, visit.start)
        return None if said == known else f"visit {visit.id} is {said} and should be {known}"

    def _answered(self, method: str, path: str, **more: Any) -> requests.Response:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            answer = self._try(method, path, **more)
            if answer is not None and answer.status_code < 500:
                return answer
        raise AssertionError(f"no answer to {method} {path} for {PATIENCE:.0f} s")

    def _try(self, method: str, path: str, **more: Any) -> requests.Response | None:
        """None, a moment later, where nobody answers."""
        with requests.Session() as session:
            session.trust_env = False
            try:
                return session.request(method, self._address + path, timeout=5, **more)
            except requests.RequestException:
                time.sleep(0.1)
                return None


def _phone(number: int) -> str | None:
    """Everybody's own."""
    return None if number % TEXTED else f"+1409555{number // TEXTED:04}"


def _people(number: int) -> dict[str, dict[str, Any]]:
    """Who comes, and who booked for them, as a booking names both; whoever books agrees to texts or not."""
    own = {"phone": phone} if (phone := _phone(number)) else {}
    if number % HELPED:
        return {"patient": patient(number, **own)}
    helper = {"name": "Sam Example", "email": f"sam{number}@helpers.example", **own}
    return {
        "patient": patient(number),
        "booked_by": {**helper, "relationship": "child", "receives": "also"},
    }


def _as(visit: KnownVisit) -> dict[str, str]:
    return {"Authorization": f"Bearer {visit.token}"}
