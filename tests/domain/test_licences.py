"""By video only where somebody is licensed, on the visit's own date."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from scheduler.domain.clinic import Clinic, Licence, Mode, Practitioner
from scheduler.domain.errors import Invalid, NotLicensed
from scheduler.domain.licences import check_place
from scheduler.domain.schedule import Schedule
from scheduler.domain.slots import candidates, offered_times
from scheduler.domain.wishes import Wish, search
from tests.domain.example import CHICAGO, LONG_AGO, clinic, practitioner

MARCH = (Licence("TX"), Licence("CO", date(2027, 3, 2), date(2027, 3, 4)))
DENVER = ZoneInfo("America/Denver")


def video(state: str | None, who: str | None = None) -> Wish:
    return Wish("follow-up", Mode.TELEMEDICINE, who, state=state)


def at(day: int, hour: int, zone: ZoneInfo = CHICAGO) -> datetime:
    return datetime(2027, 3, day, hour, tzinfo=zone)


@pytest.mark.parametrize(
    ("state", "day", "allowed"),
    [
        ("TX", 1, True),
        ("CO", 1, False),
        ("CO", 2, True),
        ("CO", 4, True),
        ("CO", 5, False),
        ("LA", 3, False),
    ],
)
def test_a_licence_is_for_a_state_and_its_dates(state: str, day: int, allowed: bool) -> None:
    of = clinic(practitioner(licences=MARCH))
    if allowed:
        check_place(of, video(state), at(day, 10))
    else:
        with pytest.raises(NotLicensed):
            check_place(of, video(state), at(day, 10))


def test_whoever_has_no_licence_sees_nobody_by_video() -> None:
    with pytest.raises(NotLicensed):
        check_place(clinic(practitioner(licences=())), video("TX"), at(1, 10))


def test_a_visit_by_video_says_where_the_patient_will_be_and_one_in_person_need_not() -> None:
    with pytest.raises(Invalid) as refused:
        check_place(clinic(), video(None), at(1, 10))
    assert [(each.pointer, each.code) for each in refused.value.faults] == [("/state", "required")]
    check_place(clinic(), Wish("follow-up", Mode.IN_PERSON), at(1, 10))


def test_the_licence_of_another_practitioner_does_not_help() -> None:
    both = clinic(practitioner("one", licences=MARCH), practitioner("two"))
    check_place(both, video("CO"), at(3, 10))
    with pytest.raises(NotLicensed):
        check_place(both, video("CO", "two"), at(3, 10))


def test_the_date_is_that_of_the_practitioners_own_clock() -> None:
    of = clinic(practitioner(licences=MARCH, zone=DENVER))
    check_place(of, video("CO"), at(5, 0))  # 23:00 of the 4th in Denver
    with pytest.raises(NotLicensed):
        check_place(of, video("CO"), at(5, 0, DENVER))


def starts(of: Clinic, state: str | None) -> dict[str, set[int]]:
    """The days of March on which somebody offers a visit."""
    found = search(of, video(state), date(2027, 3, 1), date(2027, 3, 7), LONG_AGO)
    found = type(found)(**{name: getattr(found, name) for name in found.__slots__} | {"latest": at(31, 0)})
    slots = offered_times(Schedule(of), found).slots()
    return {
        who: {slot.start.astimezone(CHICAGO).day for slot in slots if who in slot.practitioners}
        for who in ("one", "two")
    }


def test_only_those_are_offered_who_are_licensed_on_the_day() -> None:
    of = clinic(practitioner("one", licences=MARCH), practitioner("two"))
    assert starts(of, "CO") == {"one": {2, 3, 4}, "two": set()}
    assert starts(of, "TX") == {"one": set(range(1, 8)), "two": set(range(1, 8))}
    assert starts(of, "LA") == {"one": set(), "two": set()}
    assert starts(of, None) == starts(of, "TX"), "nobody said where they will be: everything is shown"


def people(*licences: Licence) -> Practitioner:
    return practitioner(licences=licences)


def test_nobody_is_a_candidate_on_days_outside_the_licence() -> None:
    of = clinic(people(Licence("CO", until=date(2027, 2, 1))))
    found = search(of, video("CO"), date(2027, 3, 1), date(2027, 3, 7), LONG_AGO)
    assert candidates(Schedule(of), found) == []
