"""Somebody under age is booked for by whoever may speak for them."""

from datetime import date

import pytest

from scheduler.domain.errors import GuardianRequired, Invalid
from scheduler.domain.minors import check_guardian, is_minor, receives
from scheduler.domain.people import Booker, Receives

BORN = date(2010, 6, 15)


def booker(relationship: str = "parent", email: str | None = "kim@patients.example") -> Booker:
    return Booker(name="Kim Example", email=email, relationship=relationship, receives=Receives.NOTHING)


@pytest.mark.parametrize(
    ("born", "day", "minor"),
    [
        (BORN, date(2028, 6, 14), True),
        (BORN, date(2028, 6, 15), False),
        (BORN, date(2028, 7, 1), False),
        (date(2008, 2, 29), date(2026, 2, 28), True),
        (date(2008, 2, 29), date(2026, 3, 1), False),
        (date(2027, 1, 1), date(2027, 1, 1), True),
    ],
)
def test_of_age_is_who_had_the_eighteenth_birthday(born: date, day: date, minor: bool) -> None:
    assert is_minor(born, day) is minor


@pytest.mark.parametrize("who", [None, booker("spouse"), booker("neighbour")])
def test_only_a_parent_or_guardian_books_for_a_minor(who: Booker | None) -> None:
    with pytest.raises(GuardianRequired):
        check_guardian(BORN, date(2027, 1, 1), who)
    check_guardian(BORN, date(2028, 6, 15), who)


@pytest.mark.parametrize("relationship", ["parent", "guardian"])
def test_they_hear_of_it_instead_of_the_minor(relationship: str) -> None:
    who = booker(relationship)
    check_guardian(BORN, date(2027, 1, 1), who)
    assert receives(BORN, date(2027, 1, 1), who) is Receives.INSTEAD
    assert receives(BORN, date(2029, 1, 1), who) is Receives.NOTHING


def test_a_guardian_who_cannot_be_reached_is_none() -> None:
    with pytest.raises(Invalid):
        check_guardian(BORN, date(2027, 1, 1), booker(email=None))
