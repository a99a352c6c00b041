"""What a booking must fit before anything is looked up."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from scheduler.domain.booking import BookingRequest, search_for
from scheduler.domain.clinic import Mode, NewPatients
from scheduler.domain.errors import Invalid
from scheduler.domain.people import Booker, Person, Receives
from scheduler.domain.wishes import Wish
from tests.domain.example import NEW_YORK, clinic, location, visit_type

NOW = datetime(2027, 3, 1, 3, tzinfo=UTC)
"""Still the evening of February 28 at the clinic."""
START = datetime(2027, 3, 5, 3, 30, tzinfo=UTC)
"""Still the 4th at the clinic."""


def request(**more: Any) -> BookingRequest:
    person = {"name": "Pat Example", "birth_date": date(1960, 2, 29), **more.pop("patient", {})}
    wish = more.pop("wish", Wish("follow-up", Mode.TELEMEDICINE, state="TX"))
    return BookingRequest(wish=wish, start=START, patient=Person(**person), **more)


def faults(asked: BookingRequest, takes: NewPatients = NewPatients.EITHER) -> set[tuple[str, str]]:
    try:
        search_for(clinic(visit_types=(visit_type(new_patients=takes),)), asked, NOW)
    except Invalid as refused:
        return {(each.pointer, each.code) for each in refused.faults}
    return set()


def test_the_search_is_for_the_local_day_of_the_start() -> None:
    found = search_for(clinic(), request(), NOW)
    assert found.first == found.last == date(2027, 3, 4)


def test_the_local_day_is_that_of_the_place_that_was_chosen() -> None:
    of = clinic(locations=(location("east", zone=NEW_YORK),), zone=NEW_YORK)
    at_midnight = BookingRequest(
        Wish("follow-up", Mode.IN_PERSON, location="east"),
        datetime(2027, 3, 5, 5, tzinfo=UTC),
        Person(name="Pat Example", birth_date=date(1960, 2, 29)),
    )
    assert search_for(of, at_midnight, NOW).first == date(2027, 3, 5)


@pytest.mark.parametrize(
    ("takes", "said", "fits"),
    [
        (NewPatients.YES, True, True),
        (NewPatients.YES, False, False),
        (NewPatients.YES, None, True),
        (NewPatients.NO, True, False),
        (NewPatients.NO, False, True),
        (NewPatients.NO, None, True),
        (NewPatients.EITHER, True, True),
        (NewPatients.EITHER, False, True),
        (NewPatients.EITHER, None, True),
    ],
)
def test_new_patients_and_known_ones_book_the_visits_that_are_for_them(
    takes: NewPatients, said: bool | None, fits: bool
) -> None:
    assert faults(request(new_patient=said), takes) == (set() if fits else {("/new_patient", "mismatch")})


def test_a_language_that_the_clinic_does_not_write_is_refused() -> None:
    assert faults(request(patient={"language": "vi"})) == {("/patient/language", "not-offered")}


@pytest.mark.parametrize(
    ("born", "fits"),
    [(date(2027, 2, 28), True), (date(2027, 3, 1), False), (date(1900, 1, 1), True)],
)
def test_nobody_is_born_after_today_at_the_clinic(born: date, fits: bool) -> None:
    expected = set() if fits else {("/patient/birth_date", "in-future")}
    guardian = Booker(
        name="Kim Example", email="kim@patients.example", relationship="parent", receives=Receives.ALSO
    )
    assert faults(request(patient={"birth_date": born}, booked_by=guardian)) == expected


def test_all_faults_of_a_booking_are_said_at_once() -> None:
    wrong = request(new_patient=True, patient={"language": "vi", "birth_date": date(2030, 1, 1)})
    assert len(faults(wrong, NewPatients.NO)) == 3


def test_an_unknown_visit_type_is_said_before_anything_that_depends_on_it() -> None:
    wrong = request(wish=Wish("massage", Mode.TELEMEDICINE), patient={"language": "vi"})
    assert faults(wrong) == {("/visit_type", "unknown")}
