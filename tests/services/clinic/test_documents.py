"""A file becomes a document and comes back as the same clinic; parts that are left out are named."""

import json
from datetime import date, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from scheduler.domain.clinic import GRID_MINUTES
from scheduler.services.clinic.check import (
    LeftOut,
    cross_check,
    document,
    from_document,
    left_out,
    read,
    unapproved,
)
from scheduler.services.clinic.schema import WEEK, ClinicFile, to_domain
from tests.services.clinic.files import EXAMPLE, SMALL, small

WORDS = st.text("abcdefghijk éñ&<'\"", min_size=1).map(str.strip).filter(bool)
TIMES = st.integers(0, 24 * 60 // GRID_MINUTES - 1).map(lambda n: time(*divmod(n * GRID_MINUTES, 60)))
LENGTHS = st.integers(1, 100).map(lambda n: n * GRID_MINUTES)
DATES = st.none() | st.dates(date(2020, 1, 1), date(2040, 1, 1))
MODES = st.lists(st.sampled_from(["in_person", "telemedicine"]), min_size=1, unique=True)
HOURS = st.fixed_dictionaries(
    {
        "days": st.lists(st.sampled_from(WEEK), min_size=1, unique=True),
        "opens": TIMES,
        "closes": TIMES | st.just(time.max),
        "modes": MODES,
        "valid_from": DATES,
        "until": DATES,
    }
)
PRACTITIONERS = st.fixed_dictionaries(
    {"code": st.from_regex(r"[a-z0-9]{1,9}", fullmatch=True), "name": WORDS, "hours": st.lists(HOURS)}
)
VISIT_TYPES = st.fixed_dictionaries(
    {
        "code": st.from_regex(r"[a-z0-9]{1,9}", fullmatch=True),
        "label": st.fixed_dictionaries({"en": WORDS}),
        "description": st.fixed_dictionaries({"en": WORDS}),
        "minutes": LENGTHS,
        "notice": LENGTHS,
        "new_patients": st.sampled_from(["yes", "no", "either"]),
        "modes": MODES.map(lambda modes: dict.fromkeys(modes, "staff")),
        "room": st.booleans(),
        "until": DATES,
    }
)


def raw_of(text: str) -> dict[str, Any]:
    return document(read(text))


SMALLEST = raw_of(SMALL)


@given(
    st.lists(PRACTITIONERS, min_size=1, max_size=3),
    st.lists(VISIT_TYPES, min_size=1, max_size=3),
    st.sets(st.dates(), max_size=3),
)
def test_a_document_gives_the_same_clinic_back(
    practitioners: list[Any], visit_types: list[Any], plus: set[date]
) -> None:
    changed = {"practitioners": practitioners, "visit_types": visit_types, "holidays": {"plus": list(plus)}}
    file = ClinicFile.model_validate({**SMALLEST, **changed})
    stored = json.loads(json.dumps(document(file)))
    assert from_document(stored) == to_domain(file)
    assert document(ClinicFile.model_validate(stored)) == stored


def test_the_example_survives_the_database() -> None:
    file = read(EXAMPLE.read_text("utf-8"))
    stored = json.loads(json.dumps(document(file)))
    assert from_document(stored) == to_domain(file)


def test_another_spelling_of_the_same_clinic_gives_the_same_document() -> None:
    text = small(
        ('"+1 409 555 0100"', '"(409) 555-0100"'),
        ('["mon", "tue"]', '["tue", "mon"]'),
        ('"08:00"', "08:00:00"),
        ('["72h", "24h"]', '[4320, "1d"]'),
        ('["in_person", "telemedicine"]', '["telemedicine", "in_person"]'),
        ("2026-12-31", '"2026-12-31"'),
        ("minutes = 15", 'minutes = "15min"\nnotice = "4h"\nhorizon_days = "90d"'),
    )
    assert raw_of(text) == raw_of(SMALL)


def test_a_document_of_another_form_is_refused() -> None:
    with pytest.raises(ValidationError):
        from_document({**raw_of(SMALL), "surprise": 1})


def test_what_is_left_out_takes_its_default() -> None:
    clinic = from_document(raw_of(SMALL))
    one, two = clinic.practitioners
    assert (one.message_name, one.timezone, two.timezone) == (
        "Dr. One",
        ZoneInfo("America/Chicago"),
        ZoneInfo("America/Denver"),
    )
    (follow_up,) = clinic.visit_types
    assert (follow_up.notice, follow_up.horizon_days, follow_up.step, follow_up.room) == (240, 90, 15, True)
    assert one.hours[0].days == {0, 1}


def test_midnight_at_the_end_of_the_day_is_kept() -> None:
    stored = raw_of(small(('closes = "17:00"', 'closes = "24:00"')))
    assert stored["practitioners"][0]["hours"][1]["closes"] == "24:00"
    assert from_document(stored).practitioners[0].hours[1].closes == time.max


def test_no_join_message_is_sent_where_the_file_says_never() -> None:
    stored = raw_of(small(("[reminders]", '[reminders]\njoin = "never"')))
    assert from_document(stored).reminders.join is None


def test_rules_of_other_parts_are_carried() -> None:
    carried = from_document(raw_of(SMALL)).carried
    assert set(carried) == {"alerts"}
    assert carried["alerts"]["default"]["then"] == [{"after": 30, "tell": ["+14095550121"]}]


def test_a_rule_set_is_approved_by_somebody_on_a_date() -> None:
    by = ('version = "1"\n', 'version = "1"\napproved_by = "Dr. Example One, medical director"\n')
    at = ('approved_by = "D', 'approved_at = 2026-01-31\napproved_by = "D')
    consent = ('version = "2026-01"\n', 'version = "2026-01"\napproved_by = "A"\napproved_at = 2026-01-31\n')
    assert unapproved(read(small())) == ["triage:1", "consent telehealth:2026-01"]
    assert unapproved(read(small(by, consent))) == ["triage:1"]
    assert unapproved(read(small(by, at, consent))) == []


def test_a_file_without_triage_has_nothing_to_approve_there() -> None:
    text = SMALL[: SMALL.index("[triage]")]
    assert unapproved(read(text)) == []


def test_cross_check_finds_in_a_checked_file_nothing() -> None:
    assert cross_check(read(SMALL)) == []


def test_cross_check_names_the_place_of_what_does_not_fit() -> None:
    changed = {**raw_of(SMALL), "locations": []}
    (finding,) = cross_check(ClinicFile.model_validate(changed))[:1]
    assert finding.loc == ("practitioners", 0, "hours", 0, "location")


def test_what_a_new_file_leaves_out_is_named() -> None:
    old = from_document(raw_of(SMALL))
    room = ('code = "room-1"', 'code = "room-2"')
    practitioner = ('code = "two"', 'code = "three"')
    visit_type = ('code = "follow-up"', 'code = "follow-ups"')
    location = ('code = "bare"', 'code = "bared"')
    new = from_document(raw_of(small(room, practitioner, visit_type, location)))
    assert left_out(old, new) == [
        LeftOut("location", "bare"),
        LeftOut("practitioner", "two"),
        LeftOut("room", "main/room-1"),
        LeftOut("visit_type", "follow-up"),
    ]
    assert left_out(old, old) == []
