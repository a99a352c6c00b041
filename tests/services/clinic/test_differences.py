"""What a changed file means is said in the words of the clinic."""

import pytest

from scheduler.services.clinic.check import document, read
from scheduler.services.clinic.differences import differences, duration
from scheduler.services.clinic.values import minutes
from tests.services.clinic.files import EXAMPLE, SMALL, small

OLD = document(read(SMALL))


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("minutes = 15", "minutes = 45", "visit type follow-up: minutes 15 -> 45"),
        ("minutes = 15", 'minutes = 15\nnotice = "24h"', "visit type follow-up: notice 4h -> 1d"),
        ("minutes = 15", "minutes = 15\nroom = false", "visit type follow-up: room yes -> no"),
        (
            "minutes = 15",
            "minutes = 15\nuntil = 2030-01-31",
            "visit type follow-up: until (none) -> 2030-01-31",
        ),
        ('"staff"', '"auto"', "visit type follow-up: modes.telemedicine staff -> auto"),
        ('"Seguimiento"', '"Control"', "visit type follow-up: label.es Seguimiento -> Control"),
        (
            'practitioners = ["one"]',
            'practitioners = ["one", "two"]',
            "visit type follow-up: practitioners changed (+two)",
        ),
        ('closes = "17:00"', 'closes = "16:00"', "practitioner one: hours changed"),
        ('state = "TX"', 'state = "LA"', "practitioner one: licences changed"),
        (
            '"1 Example Street"',
            '"3 Example Street"',
            "location main: address 1 Example Street -> 3 Example Street",
        ),
        ('"+1 409 555 0100"', '"+1 409 555 0101"', "clinic: phone +14095550100 -> +14095550101"),
        ("Llame al 911.", "Llame al 911. " * 6, "clinic: emergency.es changed"),
        ("[2026-12-31]", "[2027-12-31]", "holidays: plus changed (+2027-12-31, -2026-12-31)"),
        ('["72h", "24h"]', '["24h"]', "reminders: reminders changed"),
        ("[reminders]", '[reminders]\njoin = "2h"', "reminders: join 1h -> 2h"),
        ('version = "1"', 'version = "2"', "triage: version 1 -> 2"),
        ('"Fever?"', '"Chills?"', "triage: questions changed"),
        ('"2026-01"', '"2026-02"', "consent telehealth: version 2026-01 -> 2026-02"),
        ("extra_minutes = 15", "extra_minutes = 30", "need asl: extra_minutes 15min -> 30min"),
        ("desk@", "office@", "alerts: default.tell changed (+office@example.org, -desk@example.org)"),
    ],
)
def test_a_change_is_one_line(old: str, new: str, line: str) -> None:
    assert differences(OLD, document(read(small((old, new))))) == [line]


def test_the_same_file_changes_nothing() -> None:
    assert differences(OLD, document(read(SMALL))) == []


def test_everything_in_a_first_file_is_new() -> None:
    lines = differences(None, document(read(EXAMPLE.read_text("utf-8"))))
    assert all(line.endswith(": new") for line in lines)
    assert {"clinic: new", "location north: new", "visit type follow-up: new", "triage: new"} <= set(lines)


def test_what_came_and_what_went_is_named() -> None:
    text = small(('code = "follow-up"', 'code = "later"'), ('code = "bare"', 'code = "annex"'))
    assert differences(OLD, document(read(text))) == [
        "location annex: new",
        "location bare: no longer in the file",
        "visit type later: new",
        "visit type follow-up: no longer in the file",
    ]


def test_triage_that_is_taken_away_is_named() -> None:
    without = {**OLD, "triage": None}
    assert differences(OLD, without) == ["triage: no longer in the file"]
    assert differences(without, OLD) == ["triage: new"]


def test_a_section_that_an_older_version_did_not_know_is_new() -> None:
    older = {key: value for key, value in OLD.items() if key not in ("needs", "reminders")}
    assert differences(older, OLD) == ["reminders: new", "need asl: new"]


@pytest.mark.parametrize("value", [0, 5, 60, 90, 1440, 1500, 4320, 129600])
def test_a_duration_is_said_as_the_file_would_write_it(value: int) -> None:
    assert minutes(duration(value)) == value
