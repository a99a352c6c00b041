"""What somebody looks for, in the clinic's codes, and what is said where the clinic does not have it."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from scheduler.domain.clinic import Approval, Clinic, Mode
from scheduler.domain.errors import Fault, Invalid
from scheduler.domain.wishes import Wish, search, visit_type_of, zone_of
from tests.domain.example import CHICAGO, NEW_YORK, clinic, location, practitioner, visit_type

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
DAY = date(2027, 3, 2)

CLINIC = clinic(
    practitioner(),
    locations=(location(), location("east", zone=NEW_YORK)),
    visit_types=(visit_type(), visit_type("hands-on", modes={Mode.IN_PERSON: Approval.AUTO})),
)


def faults(wish: Wish, of: Clinic = CLINIC) -> set[tuple[str, str]]:
    with pytest.raises(Invalid) as refused:
        visit_type_of(of, wish)
    assert all(isinstance(each, Fault) for each in refused.value.faults)
    return {(each.pointer, each.code) for each in refused.value.faults}


def test_a_wish_for_what_the_clinic_has_is_understood() -> None:
    assert visit_type_of(CLINIC, Wish("follow-up", Mode.IN_PERSON, "one", "main")).code == "follow-up"


def test_a_visit_type_that_the_clinic_does_not_have_is_named() -> None:
    assert faults(Wish("massage", Mode.IN_PERSON)) == {("/visit_type", "unknown")}


def test_a_mode_in_which_the_visit_is_not_given_is_named() -> None:
    assert faults(Wish("hands-on", Mode.TELEMEDICINE)) == {("/mode", "not-offered")}


def test_a_video_visit_takes_place_nowhere() -> None:
    assert faults(Wish("follow-up", Mode.TELEMEDICINE, location="main")) == {("/location", "not-offered")}


def test_everything_that_is_wrong_is_said_at_once() -> None:
    assert faults(Wish("massage", Mode.TELEMEDICINE, "nobody", "nowhere")) == {
        ("/visit_type", "unknown"),
        ("/practitioner", "unknown"),
        ("/location", "unknown"),
    }
    assert faults(Wish("hands-on", Mode.TELEMEDICINE, "nobody")) == {
        ("/practitioner", "unknown"),
        ("/mode", "not-offered"),
    }


@pytest.mark.parametrize(("place", "zone"), [(None, CHICAGO), ("main", CHICAGO), ("east", NEW_YORK)])
def test_days_are_those_of_the_place_that_was_named_else_of_the_clinic(
    place: str | None, zone: ZoneInfo
) -> None:
    assert zone_of(CLINIC, Wish("follow-up", Mode.IN_PERSON, location=place)) == zone


def test_a_search_begins_after_the_notice_and_ends_with_the_horizon() -> None:
    kind = visit_type(notice=90, horizon_days=10)
    found = search(clinic(visit_types=(kind,)), Wish("follow-up", Mode.TELEMEDICINE), DAY, DAY, NOW)
    assert found.earliest == NOW + timedelta(minutes=90)
    assert found.latest == NOW + timedelta(days=10)


def test_a_search_carries_the_whole_wish() -> None:
    found = search(CLINIC, Wish("follow-up", Mode.IN_PERSON, "one", "east"), DAY, DAY, NOW)
    assert (found.practitioner, found.location, found.mode) == ("one", "east", Mode.IN_PERSON)
    assert (found.first, found.last, found.zone) == (DAY, DAY, NEW_YORK)


def test_a_search_can_be_narrowed_to_the_local_day_of_one_start() -> None:
    found = search(CLINIC, Wish("follow-up", Mode.IN_PERSON, location="east"), DAY, date(2027, 3, 9), NOW)
    late = datetime(2027, 3, 5, 4, 30, tzinfo=UTC)  # still the 4th in New York
    assert (found.on(late).first, found.on(late).last) == (date(2027, 3, 4), date(2027, 3, 4))


@pytest.mark.parametrize(
    ("mode", "room", "needed"),
    [
        (Mode.IN_PERSON, True, True),
        (Mode.IN_PERSON, False, False),
        (Mode.TELEMEDICINE, True, False),
        (Mode.TELEMEDICINE, False, False),
    ],
)
def test_a_room_is_needed_only_for_visits_in_person_that_take_one(
    mode: Mode, room: bool, needed: bool
) -> None:
    of = clinic(visit_types=(visit_type(room=room),))
    assert search(of, Wish("follow-up", mode), DAY, DAY, NOW).needs_room is needed
