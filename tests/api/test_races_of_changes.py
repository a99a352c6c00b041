"""Many who change at once: whoever comes first, visits, claims, history and messages agree in the end."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from scheduler.bootstrap import open_database
from scheduler.db.models import Hold
from tests.api.racing import Answer, Call, assert_consistent, kinds, staff_of, together
from tests.cast import at, patient, wish
from tests.conftest import settings_for

Visit = dict[str, Any]
Race = Callable[[list[Call]], list[Answer]]

CLIENTS = 50
TAKEN = "/problems/slot-taken"
TOO_LATE = "/problems/illegal-transition"
"""The visit is not what it was when the caller looked."""


@pytest.fixture(scope="module")
def staff(own_database: str) -> dict[str, str]:
    return staff_of(own_database)


@pytest.fixture
def race(visits: str, own_database: str) -> Iterator[Race]:
    """Calls that start at one moment; nobody gets an error, and afterwards all of it fits together."""

    def run(calls: list[Call]) -> list[Answer]:
        answers = together(visits.removesuffix("/visits"), calls)
        failed = [body for status, body in answers if status >= 500]
        assert failed == []
        return answers

    yield run
    assert_consistent(own_database)


def booked(race: Race, *bodies: dict[str, Any]) -> list[Visit]:
    """Visits that were booked in peace, as far as they do not meet."""
    answers = race([Call("/visits", body) for body in bodies])
    assert {status for status, _ in answers} == {201}, kinds(answers)
    return [visit for _, visit in answers]


def own(visit: Visit) -> dict[str, str]:
    """Headers of whoever holds the link of a visit."""
    return {"Authorization": f"Bearer {visit['token']}"}


def act(visit: Visit, name: str, who: dict[str, str] | None = None, **body: Any) -> Call:
    return Call(f"/visits/{visit['id']}/{name}", body, who or own(visit))


def to(start: datetime | str, practitioner: str = "one") -> dict[str, Any]:
    return {"start": start if isinstance(start, str) else start.isoformat(), "practitioner": practitioner}


def alternately(*calls: Call) -> list[Call]:
    """Each of them as often as the others, in turn, until there is one for every client."""
    return [calls[n % len(calls)] for n in range(CLIENTS)]


def won(answers: list[Answer]) -> list[Visit]:
    return [body for status, body in answers if status < 300]


def test_two_visits_cannot_change_places(race: Race) -> None:
    first, second = booked(race, *(wish(at(2, 10 + n), n, practitioner="one") for n in range(2)))
    swap = alternately(
        act(first, "reschedule", **to(second["start"])), act(second, "reschedule", **to(first["start"]))
    )
    assert kinds(race(swap)) == {TAKEN: CLIENTS}


def test_two_visits_of_two_practitioners_cannot_change_places_either(race: Race) -> None:
    """Each holds its own visit and wants the other's practitioner."""
    first, second = booked(
        race, *(wish(at(3, 10), n, practitioner=who) for n, who in enumerate(("one", "two")))
    )
    swap = alternately(
        act(first, "reschedule", **to(second["start"], "two")),
        act(second, "reschedule", **to(first["start"], "one")),
    )
    assert kinds(race(swap)) == {TAKEN: CLIENTS}


def test_who_makes_room_lets_the_other_in_and_never_before(race: Race) -> None:
    first, second = booked(race, *(wish(at(4, 10 + n), n, practitioner="one") for n in range(2)))
    answers = race(
        alternately(
            act(first, "reschedule", **to(at(4, 14))), act(second, "reschedule", **to(first["start"]))
        )
    )
    assert {status for status, _ in answers[::2]} == {200}
    assert {status for status, _ in answers[1::2]} <= {200, 409}
    sequences = sorted(said["sequence"] for said in won(answers[::2]))
    assert sequences == list(range(1, CLIENTS // 2 + 1)), "each of them was a change of its own"


def test_of_fifty_visits_that_want_one_free_time_one_gets_it(race: Race) -> None:
    quarters = [at(day, 9) + timedelta(minutes=30 * n) for day in (7, 8) for n in range(16)]
    seats = [(start, who) for start in quarters for who in ("two", "three")][:CLIENTS]
    made = booked(race, *(wish(start, n, practitioner=who) for n, (start, who) in enumerate(seats)))
    answers = race([act(each, "reschedule", **to(at(9, 10))) for each in made])
    assert kinds(answers) == {"booked": 1, TAKEN: CLIENTS - 1}
    (winner,) = won(answers)
    left = next(each for each in made if each["id"] == winner["id"])
    booked(race, wish(datetime.fromisoformat(left["start"]), 90, practitioner=left["practitioner"]))


def test_of_two_who_want_the_same_patients_time_one_gets_it(race: Race, staff: dict[str, str]) -> None:
    """One patient with two visits: both cannot be moved to one time, with whomever."""
    first, second = booked(race, *(wish(at(10, 9 + n), practitioner="one") for n in range(2)))
    answers = race(
        alternately(
            act(first, "reschedule", staff, **to(at(10, 14), "two")),
            act(second, "reschedule", staff, **to(at(10, 14), "three")),
        )
    )
    assert {status for status, _ in answers} == {200, 409}
    assert len({visit["id"] for visit in won(answers)}) == 1
    assert set(kinds(answers)) == {"booked", "/problems/already-booked"}


def test_a_cancelled_visit_stays_cancelled_whoever_moves_it_at_that_moment(
    race: Race, staff: dict[str, str]
) -> None:
    made = booked(race, *(wish(at(11, 9 + n), n, practitioner="one") for n in range(5)))
    free = [at(14, 9 + n) for n in range(5)]
    for visit, start in zip(made, free, strict=True):
        answers = race(
            alternately(
                act(visit, "reschedule", **to(start)),
                act(visit, "cancel"),
                act(visit, "reschedule", staff, **to(start + timedelta(minutes=30), "two")),
                act(visit, "cancel", staff),
            )
        )
        assert kinds(answers)["cancelled"] == 1
        assert set(kinds(answers)) <= {"cancelled", "booked", TOO_LATE}
        told = sorted(each["sequence"] for each in won(answers))
        assert told == list(range(1, len(told) + 1))
        assert max(won(answers), key=lambda each: each["sequence"])["status"] == "cancelled"


def test_a_request_is_answered_once(race: Race, staff: dict[str, str]) -> None:
    asked = {"visit_type": "reviewed", "practitioner": "one"}
    for visit in booked(race, *(wish(at(15, 9 + n), n, **asked) for n in range(5))):
        assert visit["status"] == "pending"
        answers = race(alternately(act(visit, "approve", staff), act(visit, "decline", staff)))
        (answer,) = won(answers)
        assert (answer["sequence"], kinds(answers)[TOO_LATE]) == (1, CLIENTS - 1)


def test_a_cancel_is_taken_back_or_the_time_goes_to_another(race: Race, staff: dict[str, str]) -> None:
    for hour in range(9, 12):
        (visit,) = booked(race, wish(at(16, hour), practitioner="one"))
        race([act(visit, "cancel")])
        bodies = [wish(at(16, hour), 100 * hour + n, practitioner="one") for n in range(CLIENTS // 2)]
        undos = [act(visit, "undo", staff)] * (CLIENTS // 2)
        answers = race(
            [
                call
                for pair in zip(undos, (Call("/visits", body) for body in bodies), strict=True)
                for call in pair
            ]
        )
        assert len(won(answers)) == 1
        assert kinds(answers).keys() <= {"booked", TAKEN, TOO_LATE}


def test_two_cancels_of_one_patient_and_time_are_not_both_taken_back(
    race: Race, staff: dict[str, str]
) -> None:
    """Nothing but the patient's time is common to the two, and the database decides."""
    made = []
    for who in ("one", "two"):
        made += booked(race, wish(at(17, 10), practitioner=who))
        race([act(made[-1], "cancel")])
    answers = race(alternately(*(act(visit, "undo", staff) for visit in made)))
    assert len(won(answers)) == 1
    assert kinds(answers).keys() == {"booked", TAKEN, TOO_LATE}


def test_of_fifty_who_saw_one_version_one_changes_it(race: Race) -> None:
    (visit,) = booked(race, wish(at(18, 10), practitioner="one"))
    seen = {**own(visit), "If-Match": '"1"'}
    answers = race(
        alternately(
            act(visit, "confirm", seen),
            act(visit, "cancel", seen),
            act(visit, "reschedule", seen, **to(at(18, 14))),
        )
    )
    assert Counter(status for status, _ in answers) == {200: 1, 412: CLIENTS - 1}


def test_one_key_has_one_effect_and_refuses_the_other_body(race: Race) -> None:
    key = {"Idempotency-Key": "one-key-with-two-bodies"}
    bodies = [wish(at(21, 10), n, practitioner=who) for n, who in enumerate(("one", "two"))]
    answers = race(alternately(*(Call("/visits", body, key) for body in bodies)))
    assert Counter(status for status, _ in answers) == {201: CLIENTS // 2, 422: CLIENTS // 2}
    assert len({visit["id"] for visit in won(answers)}) == 1
    assert kinds(answers)["/problems/idempotency-conflict"] == CLIENTS // 2


def held(race: Race, start: datetime) -> dict[str, Any]:
    """A booking with a hold that somebody has on that time."""
    body = wish(start, practitioner="one")
    wanted = {name: body[name] for name in body.keys() - {"patient"}}
    ((status, hold),) = race([Call("/holds", wanted)])
    assert status == 201, hold
    return {**body, "hold": hold["id"]}


def test_of_many_with_one_hold_one_gets_the_time(race: Race) -> None:
    """Also those without it, and whoever gives it back: the time is theirs, or free for one of them."""
    with_it = held(race, at(23, 10))
    without = [wish(at(23, 10), 400 + n, practitioner="one") for n in range(CLIENTS // 2)]
    theirs = [{**with_it, "patient": patient(500 + n)} for n in range(CLIENTS // 2)]
    answers = race([Call("/visits", body) for pair in zip(theirs, without, strict=True) for body in pair])
    assert kinds(answers) == {"booked": 1, TAKEN: CLIENTS - 1}
    assert len(won(answers[::2])) == 1, "it was theirs all the time"


def test_at_the_end_of_a_hold_one_gets_the_time_whoever_it_is(race: Race, own_database: str) -> None:
    for day in (28, 29, 30):
        with_it = held(race, at(day, 10))
        end_hold_in(own_database, with_it["hold"], timedelta(milliseconds=150))
        without = [wish(at(day, 10), 600 + n, practitioner="one") for n in range(CLIENTS // 2)]
        theirs = [{**with_it, "patient": patient(700 + n)} for n in range(CLIENTS // 2)]
        answers = race([Call("/visits", body) for pair in zip(without, theirs, strict=True) for body in pair])
        assert kinds(answers) == {"booked": 1, TAKEN: CLIENTS - 1}


def end_hold_in(url: str, hold: str, spell: timedelta) -> None:
    db = open_database(settings_for(url))
    with db.transaction() as session:
        ends = update(Hold).where(Hold.id == UUID(hold))
        session.execute(ends.values(expires_at=db.now(session) + spell))
    db.dispose()


def test_one_key_holds_one_time(race: Race) -> None:
    wanted = {
        "visit_type": "follow-up",
        "mode": "telemedicine",
        "state": "TX",
        "start": at(31, 10).isoformat(),
    }
    answers = race([Call("/holds", wanted, {"Idempotency-Key": "a-key-that-holds"})] * CLIENTS)
    assert Counter(status for status, _ in answers) == {201: CLIENTS}
    assert len({hold["id"] for hold in won(answers)}) == 1


def test_everything_at_once(race: Race, staff: dict[str, str]) -> None:
    """Bookings, moves, conversions, cancels and undos over one short morning of one place with two rooms."""
    starts = [at(22, 9) + timedelta(minutes=30 * n) for n in range(6)]
    seats = [(start, who) for start in starts[::2] for who in ("one", "two")]
    made = booked(race, *(wish(start, n, practitioner=who) for n, (start, who) in enumerate(seats)))
    calls = []
    for n in range(CLIENTS):
        visit, start, who = made[n % len(made)], starts[n % len(starts)], ("one", "two")[n % 2]
        calls.append(
            (
                act(visit, "reschedule", staff, **to(start, who)),
                act(visit, "convert", staff, mode=("in_person", "telemedicine")[n // 2 % 2]),
                Call(
                    "/visits",
                    wish(start, 200 + n, practitioner=who, mode=("in_person", "telemedicine")[n % 2]),
                ),
                act(visit, "cancel", staff),
                act(visit, "undo", staff),
            )[n % 5]
        )
    answers = race(calls)
    assert {status for status, _ in answers} <= {200, 201, 409}
    assert won(answers)
