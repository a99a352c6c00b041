"""Many at once: real processes, real threads, one time that only one can have."""

from collections import Counter
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from scheduler.bootstrap import open_database
from tests.api.racing import Answer, Call, assert_consistent, together
from tests.cast import at, wish
from tests.conftest import settings_for


def all_at_once(visits: str, bodies: list[dict[str, Any]], key: str | None = None) -> list[Answer]:
    """The answers to bookings that start at one moment."""
    headers = {"Idempotency-Key": key} if key else {}
    return together(visits, [Call("", body, headers) for body in bodies])


def kinds(answers: list[Answer]) -> Counter[str]:
    return Counter(body["type"] if status != 201 else "booked" for status, body in answers)


def test_of_fifty_who_want_one_time_one_gets_it(visits: str) -> None:
    answers = all_at_once(visits, [wish(at(2, 10), n, practitioner="one") for n in range(50)])
    assert kinds(answers) == {"booked": 1, "/problems/slot-taken": 49}
    assert Counter(status for status, _ in answers) == {201: 1, 409: 49}


def test_of_fifty_who_want_anybody_three_get_somebody_each(visits: str) -> None:
    answers = all_at_once(visits, [wish(at(3, 10), n) for n in range(50)])
    assert kinds(answers) == {"booked": 3, "/problems/slot-taken": 47}
    given = [body["practitioner"] for status, body in answers if status == 201]
    assert sorted(given) == ["one", "three", "two"]


def test_neighbouring_times_that_overlap_are_taken_as_often_as_they_fit(visits: str) -> None:
    quarters = [at(4, 10) + timedelta(minutes=15 * (n % 8)) for n in range(40)]
    bodies = [wish(start, n, practitioner="two") for n, start in enumerate(quarters)]
    answers = all_at_once(visits, bodies)
    assert set(kinds(answers)) == {"booked", "/problems/slot-taken"}
    assert 3 <= kinds(answers)["booked"] <= 5


def test_one_key_from_twenty_clients_makes_one_visit(visits: str) -> None:
    answers = all_at_once(visits, [wish(at(7, 10), 1)] * 20, key="one-and-the-same-key")
    assert {status for status, _ in answers} == {201}
    assert len({body["id"] for _, body in answers}) == 1
    assert all(body == answers[0][1] for _, body in answers)


def test_one_person_cannot_book_twice_at_once(visits: str) -> None:
    who = ["one", "two", "three"]
    bodies = [wish(at(8, 10, 15 * (n % 2)), 1, practitioner=who[n % 3]) for n in range(12)]
    answers = all_at_once(visits, bodies)
    assert kinds(answers)["booked"] == 1
    assert set(kinds(answers)) <= {"booked", "/problems/already-booked", "/problems/slot-taken"}


def test_two_practitioners_get_two_rooms(visits: str, own_database: str) -> None:
    asked = {"mode": "in_person", "location": "main"}
    answers = all_at_once(visits, [wish(at(9, 10), n, **asked) for n in range(20)])
    assert kinds(answers) == {"booked": 2, "/problems/slot-taken": 18}
    made = [body for status, body in answers if status == 201]
    assert {each["practitioner"] for each in made} == {"one", "two"}
    db = open_database(settings_for(own_database))
    with db.single() as connection:
        rooms = connection.execute(
            text("SELECT room_id FROM visits WHERE id = ANY(:ids)"), {"ids": [each["id"] for each in made]}
        )
        assert len(set(rooms.scalars())) == 2
    db.dispose()


def test_a_daily_limit_holds_whoever_comes_at_once(visits: str) -> None:
    hours = [at(10, 9 + n % 8) for n in range(24)]
    bodies = [wish(start, n, visit_type="limited") for n, start in enumerate(hours)]
    assert kinds(all_at_once(visits, bodies))["booked"] == 2


def test_after_all_of_it_nothing_overlaps(visits: str, own_database: str) -> None:
    days = [at(day, hour) for day in (14, 15, 16) for hour in (9, 10)]
    bodies = [wish(days[n % 6], n, mode=("in_person", "telemedicine")[n % 2]) for n in range(48)]
    answers = all_at_once(visits, bodies)
    assert {status for status, _ in answers} <= {201, 409}
    assert_consistent(own_database)
    db = open_database(settings_for(own_database))
    with db.single() as connection:
        claimed = connection.execute(text("SELECT count(DISTINCT visit_id) FROM claims")).scalar_one()
        assert claimed == connection.execute(text("SELECT count(*) FROM visits")).scalar_one()
    db.dispose()
