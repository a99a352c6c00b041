"""Every state × patient × holder of the link × consent, at the gate of a visit by video.

A second opinion says who may come in; the gate must let in exactly those, and say what is wrong to the rest.
"""

from dataclasses import replace
from itertools import product
from typing import NamedTuple
from uuid import UUID

import pytest
from sqlalchemy import text

from scheduler.bootstrap import Runtime
from scheduler.domain.consents import Said
from scheduler.domain.people import Booker, Receives
from scheduler.domain.visits import Act
from scheduler.services.booking.making import book
from scheduler.services.changes.agreeing import agree
from scheduler.services.changes.scene import Order, carry_out
from scheduler.services.people.recipients import BOOKED_BY, PATIENT
from tests.api.test_consents import TELEHEALTH
from tests.cast import at
from tests.gatehouse import STAFF, START, GateHouse, gatehouse, jitsi, plain
from tests.services.asking import request

BORN = {"adult": "1960-02-29", "minor": "2012-05-05"}
OLD, NEW = "telehealth:1", "telehealth:2"


class Case(NamedTuple):
    patient: str
    holder: str
    """Whose link is opened."""
    before: tuple[str, str] | None
    """Who agreed earlier, and to what."""
    ticked: bool
    state: str

    @property
    def stops(self) -> str:
        """What the page says to those who may not come in; nothing to those who may."""
        speaker = PATIENT if self.patient == "adult" else BOOKED_BY
        if not self.ticked and self.before != (speaker, NEW):
            return "Please read this and tick the box"
        return "We cannot see you by video there" if self.state == "LA" else ""


CASES = [
    Case(*each)
    for each in product(
        BORN,
        (PATIENT, BOOKED_BY),
        (None, (PATIENT, OLD), (PATIENT, NEW), (BOOKED_BY, NEW)),
        (False, True),
        ("TX", "LA"),
    )
]


@pytest.fixture
def house(run: Runtime) -> GateHouse:
    return gatehouse(run, jitsi())


def visits(house: GateHouse) -> dict[str, UUID]:
    """Of an adult with a helper, and of a minor with a parent, at the same time."""
    made = {}
    for number, (who, born) in enumerate(BORN.items()):
        kin = "spouse" if who == "adult" else "parent"
        booker = Booker(name="Kim Example", email="kim@x.example", relationship=kin, receives=Receives.ALSO)
        asked = request(START, number, birth_date=born, practitioner=("one", "two")[number])
        made[who] = book(house.run.desk, replace(asked, booked_by=booker)).visit.id
    return made


def said_before(house: GateHouse, visit: UUID, role: str, what: str) -> None:
    order = Order(visit, Act.CONSENT, STAFF)
    carry_out(house.run.desk, order, lambda scene: agree(scene, Said([what]), None, role))


def as_new(house: GateHouse, visit: UUID) -> None:
    """Nobody has been at the gate yet, nor read the text that is in force."""
    with house.run.db.transaction() as session:
        for undone in (
            "UPDATE visits SET status = 'booked' WHERE id = :id",
            "DELETE FROM whereabouts WHERE visit_id = :id",
            "DELETE FROM consents WHERE visit_id = :id AND version = '2'",
        ):
            session.execute(text(undone), {"id": visit})


def outcome(house: GateHouse, visit: UUID, case: Case) -> str:
    ticked = {"agree": NEW} if case.ticked else {}
    answer = house.come(visit, case.holder, state=case.state, **ticked)
    let_in = answer.status_code == 303
    assert (house.status(visit) == "arrived") is let_in, case
    return "" if let_in else plain(answer)


@pytest.mark.parametrize("before", sorted({case.before for case in CASES}, key=str), ids=str)
def test_exactly_those_come_in_who_may(house: GateHouse, before: tuple[str, str] | None) -> None:
    of = visits(house)
    for version in ("1", "2"):
        house.in_force({"[holidays]": TELEHEALTH.format(version=version)})
        if version == "1" and before and before[1] == OLD:
            for visit in of.values():
                said_before(house, visit, *before)
    house.clock(START)
    wrong = {}
    for case in (each for each in CASES if each.before == before):
        visit = of[case.patient]
        as_new(house, visit)
        if before and before[1] == NEW:
            said_before(house, visit, *before)
        found = outcome(house, visit, case)
        if bool(found) is not bool(case.stops) or case.stops not in found:
            wrong[case] = found[:200]
    assert wrong == {}


def test_whatever_is_said_too_early_lets_nobody_in(house: GateHouse) -> None:
    of = visits(house)
    house.clock(at(8, 9))
    for case in CASES[::5]:
        answer = house.come(of[case.patient], case.holder, state=case.state, agree=NEW)
        assert (answer.status_code, "You are early" in answer.text) == (200, True)
    assert [house.status(visit) for visit in of.values()] == ["booked", "booked"]
