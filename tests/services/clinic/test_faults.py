"""Every mistake is named with its line, its place and a reason that an administrator understands."""

import pytest

from scheduler.domain.errors import ClinicFileFaulty, FileFault
from scheduler.services.clinic.check import read
from tests.services.clinic.files import EXAMPLE, SMALL, small


def faults(text: str) -> tuple[FileFault, ...]:
    with pytest.raises(ClinicFileFaulty) as caught:
        read(text)
    return caught.value.faults


Case = tuple[str, str, str]
"""What is replaced in the small file, by what, and the whole message."""

VALUES: list[Case] = [
    ('name = "Small Clinic"\n', "", "line 1: clinic.name: is missing"),
    ('"Small Clinic"', '""', "line 2: clinic.name: must not be empty"),
    ('"Small Clinic"', "5", 'line 2: clinic.name: must be a text in quotes, such as "text"'),
    (
        '"Small Clinic"',
        '"Small\\r\\nBcc: Clinic"',
        "line 2: clinic.name: contains the invisible character U+000D",
    ),
    (
        '"Dr. One"',
        '"Dr. \\u202eOne"',
        "line 22: practitioners[0].name: contains the invisible character U+202E",
    ),
    (
        '"+1 409 555 0100"',
        '"12"',
        'line 3: clinic.phone: "12" is not a phone number; write it as "+1 409 555 0100"',
    ),
    (
        '"America/Chicago"',
        '"America/Chigaco"',
        'line 4: clinic.timezone: "America/Chigaco" is not a time zone; write it as "America/Chicago"',
    ),
    (
        "clinic@example.org",
        "clinic.example.org",
        'line 6: clinic.sender.email: "clinic.example.org" is not a mail address: '
        "An email address must have an @-sign.",
    ),
    (
        'code = "bare"',
        'code = "bare"\nphnoe = "1"',
        'line 17: locations[1].phnoe: is not a known key; did you mean "phone"?',
    ),
    (
        'code = "bare"',
        'code = "Bare room"',
        'line 16: locations[1].code: "Bare room" must be lower-case letters and digits, such as "follow-up"',
    ),
    (
        'state = "TX"',
        'state = "Texas"',
        "line 25: practitioners[0].licences[0].state: "
        '"Texas" is not the code of a US state; write it as "TX"',
    ),
    (
        'opens = "08:00"',
        'opens = "8am"',
        'line 29: practitioners[0].hours[0].opens: 8am is not a time of day; write it as "08:00" or "17:30"',
    ),
    (
        'opens = "08:00"',
        "opens = 08:02:00",
        "line 29: practitioners[0].hours[0].opens: 08:02 is not a multiple of 5 minutes",
    ),
    (
        '["mon", "tue"]',
        '["mon", "tues"]',
        'line 28: practitioners[0].hours[0].days[1]: "tues" is not one of '
        "'mon', 'tue', 'wed', 'thu', 'fri', 'sat' or 'sun'",
    ),
    ('["mon", "tue"]', '["mon", "mon"]', 'line 28: practitioners[0].hours[0].days: "mon" is written twice'),
    ('["mon", "tue"]', "[]", "line 28: practitioners[0].hours[0].days: must not be empty"),
    (
        "minutes = 15",
        "minutes = 17",
        "line 52: visit_types[0].minutes: 17 minutes is not a multiple of 5 minutes",
    ),
    ("minutes = 15", "minutes = 0", "line 52: visit_types[0].minutes: 0 is not more than 0"),
    (
        "minutes = 15",
        "minutes = true",
        'line 52: visit_types[0].minutes: true is not a duration; write minutes, or "30min", "4h", "90d"',
    ),
    (
        "minutes = 15",
        "minutes = 15\nnotice = '4 hours'",
        'line 53: visit_types[0].notice: 4 hours is not a duration; write minutes, or "30min", "4h", "90d"',
    ),
    (
        "minutes = 15",
        "minutes = 15\nstep = 7",
        "line 53: visit_types[0].step: 7 minutes is not a multiple of 5 minutes",
    ),
    (
        "minutes = 15",
        "minutes = 15\nbuffer_after = -5",
        "line 53: visit_types[0].buffer_after: -5 must be between 0 and 730 days",
    ),
    (
        "minutes = 15",
        "minutes = 15\nhorizon_days = '3 months'",
        'line 53: visit_types[0].horizon_days: 3 months is not a number of days; write 90 or "90d"',
    ),
    (
        "minutes = 15",
        "minutes = 15\nhorizon_days = 9999",
        "line 53: visit_types[0].horizon_days: 9999 must be at most 730",
    ),
    (
        "minutes = 15",
        "minutes = 15\nuntil = 2026-01-01T00:00:00Z",
        "line 53: visit_types[0].until: 2026-01-01 00:00:00+00:00 is not a date; write it as 2026-12-24",
    ),
    (
        'telemedicine = "staff"',
        'telemedicine = "yes"',
        "line 54: visit_types[0].modes.telemedicine: \"yes\" is not one of 'auto' or 'staff'",
    ),
    (
        'telemedicine = "staff"',
        'video = "staff"',
        "line 54: visit_types[0].modes.video: \"video\" is not one of 'in_person' or 'telemedicine'",
    ),
    (
        "minutes = 15",
        'minutes = 15\nroom = "no"',
        "line 53: visit_types[0].room: must be true or false, without quotes",
    ),
    (
        "1 Example Street",
        "1 Example Street\\nTX",
        "line 12: locations[0].address: contains the invisible character U+000A",
    ),
    (
        'languages = ["en", "es"]',
        'languages = ["en", "es"]\nlinks.privacy = "example.org"',
        'line 6: clinic.links.privacy: "example.org" is not a web address; write it as "https://example.org/privacy"',
    ),
    (
        'address = "1 Example Street"',
        'address = "1 Example Street"\ngeo = [95, 0]',
        "line 13: locations[0].geo[0]: 95 must be at most 90",
    ),
    (
        '"desk@example.org"',
        '"the desk"',
        'line 100: alerts.default.tell[0]: "the desk" is not a phone number; write it as "+1 409 555 0100"',
    ),
]

TOGETHER: list[Case] = [
    (
        'closes = "12:00"',
        'closes = "08:00"',
        "line 30: practitioners[0].hours[0].closes: 08:00 is not after opens 08:00",
    ),
    (
        'location = "main"',
        'location = "mian"',
        'line 32: practitioners[0].hours[0].location: there is no location "mian"; did you mean "main"?',
    ),
    (
        'location = "main"\n',
        "",
        "line 31: practitioners[0].hours[0].modes: in-person hours need a location; add location",
    ),
    (
        'practitioners = ["one"]',
        'practitioners = ["three"]',
        'line 55: visit_types[0].practitioners: there is no practitioner "three"',
    ),
    ('code = "bare"', 'code = "main"', 'line 16: locations[1].code: "main" is already used further up'),
    ('code = "two"', 'code = "one"', 'line 41: practitioners[1].code: "one" is already used further up'),
    (
        '{ code = "room-1", label = "Room 1" }',
        '{ code = "room-1", label = "Room 1" },\n{ code = "room-1", label = "Room 2" }',
        'line 14: locations[0].rooms[1].code: "room-1" is already used further up',
    ),
    (
        'opens = "12:00"',
        'opens = "11:00"',
        "line 34: practitioners[0].hours[1]: overlaps practitioners[0].hours[0] on mon",
    ),
    (
        'state = "TX"',
        'state = "TX"\nvalid_from = 2026-02-01\nuntil = 2026-01-01',
        "line 27: practitioners[0].licences[0].until: 2026-01-01 is before valid_from 2026-02-01",
    ),
    (
        '[[practitioners.licences]]\nstate = "TX"\n',
        "",
        "line 20: practitioners[0]: has telemedicine hours, but no licence for any state",
    ),
    (
        'location = "main"',
        'location = "bare"',
        'line 15: locations[1]: has no rooms, but practitioner "one" gives "follow-up" here, '
        "which needs one; add a room, or room = false to the visit type",
    ),
    (
        'practitioners = ["one"]',
        'practitioners = ["two"]',
        "line 54: visit_types[0].modes.telemedicine: nobody who gives it has hours of this mode",
    ),
    (
        'modes = { in_person = "auto", telemedicine = "staff" }\npractitioners = ["one"]',
        'modes = { telemedicine = "staff" }\npractitioners = ["two"]',
        "line 48: visit_types[0]: nobody gives it: no practitioner has hours for it",
    ),
    (
        'label = { en = "Follow-up", es = "Seguimiento" }',
        'label = { en = "Follow-up" }',
        'line 50: visit_types[0].label: has no text in "es", which clinic.languages promises',
    ),
    (
        'en = "Numb?"',
        'fr = "Engourdi ?", en = "Numb?"',
        'line 78: triage.questions[0].text.fr: "fr" is not among clinic.languages',
    ),
    (
        '["72h", "24h"]',
        '["24h", "72h"]',
        "line 65: reminders.reminders[1]: is earlier than the one before it; write the longest first",
    ),
    (
        '["72h", "24h"]',
        '["24h",\n "1d"]',
        "line 66: reminders.reminders[1]: is the same as the one before it",
    ),
    (
        'country = "US"',
        'country = "XX"',
        'line 58: holidays.country: no holidays are known for "XX"; write it as "US"',
    ),
    (
        'subdivision = "TX"',
        'subdivision = "QQ"',
        'line 59: holidays.subdivision: "QQ" is not a part of the country "US"',
    ),
    (
        "minus = [2026-11-11]",
        "minus = [2026-12-31]",
        "line 61: holidays.minus: 2026-12-31 is also in plus; a day is either closed or open",
    ),
    (
        'emergency_with = ["T1"]',
        'emergency_with = ["T2"]',
        'line 84: triage.questions[1].emergency_with: there is no other question "T2"',
    ),
]


@pytest.mark.parametrize(("old", "new", "message"), VALUES + TOGETHER)
def test_a_mistake_is_named_with_line_place_and_reason(old: str, new: str, message: str) -> None:
    assert [str(each) for each in faults(small((old, new)))] == [message]


def test_the_small_file_itself_is_valid() -> None:
    assert read(SMALL).clinic.name == "Small Clinic"


def test_all_mistakes_are_named_at_once_by_line() -> None:
    text = small(
        ('"+1 409 555 0100"', '"12"'),
        ('location = "main"', 'location = "mian"'),
        ('closes = "17:00"', 'closes = "11:00"'),
        ("minutes = 15", "minuts = 15"),
        ('["72h", "24h"]', '["24h", "24h"]'),
    )
    found = faults(text)
    assert [each.where for each in found] == [
        "clinic.phone",
        "practitioners[0].hours[0].location",
        "practitioners[0].hours[1].closes",
        "visit_types[0].minutes",
        "visit_types[0].minuts",
        "reminders.reminders[1]",
    ]
    assert [each.line for each in found] == sorted(each.line for each in found)


def test_a_reference_to_a_faulty_part_is_not_reported_as_unknown() -> None:
    assert [each.where for each in faults(small(('name = "Main"', "name = 1")))] == ["locations[0].name"]


def test_a_visit_type_is_not_said_to_be_given_by_nobody_when_the_hours_are_what_is_wrong() -> None:
    found = faults(small(('opens = "08:00"', "opens = 8"), ('opens = "12:00"', "opens = 12")))
    assert [each.where for each in found] == [
        "practitioners[0].hours[0].opens",
        "practitioners[0].hours[1].opens",
    ]


def test_hours_of_other_seasons_do_not_overlap() -> None:
    summer = ('opens = "08:00"', 'opens = "08:00"\nuntil = 2026-08-31')
    winter = ('opens = "12:00"', 'opens = "09:00"\nvalid_from = 2026-09-01')
    read(small(summer, winter))


def test_hours_in_two_zones_are_compared_as_instants() -> None:
    denver = "[[practitioners.licences]]", 'timezone = "America/Denver"\n[[practitioners.licences]]'
    assert [each.reason for each in faults(small(denver, ('opens = "12:00"', 'opens = "10:55"')))] == [
        "overlaps practitioners[0].hours[0] on mon"
    ]
    read(small(denver, ('opens = "12:00"', 'opens = "11:00"')))


def test_hours_may_last_until_midnight() -> None:
    read(small(('closes = "17:00"', 'closes = "24:00"')))


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ('a = 1\nb = "open\n', 2, "Illegal character"),
        ("a = 1\na = 2\n", 2, "Cannot overwrite a value"),
        ("a = 1\nb = [1,\n\n", 2, "Invalid value"),
        ("a = " + "9" * 5000, 1, "4300 digits"),
        ("a = " + "[" * 5000, 1, "recursion"),
    ],
)
def test_what_is_not_toml_is_named_with_its_line(text: str, line: int, reason: str) -> None:
    (fault,) = faults(text)
    assert (fault.line, "this is not TOML" in fault.reason, reason in fault.reason) == (line, True, True)


def test_an_empty_file_lacks_what_every_clinic_has() -> None:
    assert [str(each) for each in faults("")] == [
        "line 1: clinic: is missing",
        "line 1: practitioners: is missing",
        "line 1: visit_types: is missing",
    ]


def test_a_mark_that_an_editor_put_before_the_file_does_no_harm() -> None:
    assert read("\ufeff" + SMALL) == read(SMALL)


def test_windows_line_ends_keep_the_lines() -> None:
    text = small(('state = "TX"', 'state = "XX"'))
    assert faults(text.replace("\n", "\r\n")) == faults(text)


def test_a_faulty_value_cannot_write_to_the_terminal() -> None:
    (fault,) = faults(small(('"America/Chicago"', '"\\u001b[2J\\u001b[31m/x"')))
    assert fault.reason.isprintable()


def test_an_unknown_name_of_a_holiday_is_answered_with_those_there_are() -> None:
    (fault,) = faults(small(('"San Jacinto Day"', '"San Jacinto"')))
    assert "San Jacinto Day" in fault.reason


def test_the_example_with_every_tenth_line_missing_is_refused_with_words_not_with_a_crash() -> None:
    lines = EXAMPLE.read_text("utf-8").split("\n")
    for rest in range(10):
        text = "\n".join(line for number, line in enumerate(lines) if number % 10 != rest)
        assert all(each.reason and each.line <= len(lines) for each in faults(text))


SVG = '<svg xmlns="http://www.w3.org/2000/svg">'
LOOKS: list[tuple[str, str]] = [
    ('accent = "#0B4F5F"', ""),
    (f"logo = '{SVG}</svg>'", ""),
    ('accent = "teal"', 'clinic.look.accent: "teal" is not a colour; write it as "#0b4f5f"'),
    ('accent = "#888888"', "has a contrast of 3.5 to white"),
    ("logo = '<b></b>'", "is not an SVG picture; it begins with"),
    (f"logo = '{SVG}'", "is not an SVG picture: no element found"),
    (f"logo = '{SVG}<script/></svg>'", "must be a mere picture, without <script>"),
    (f"logo = '<!DOCTYPE svg>{SVG}</svg>'", "must be an SVG picture without DOCTYPE"),
    (f"logo = '{SVG}{' ' * 20_000}</svg>'", "at most 20000 are possible"),
]


@pytest.mark.parametrize(("line", "reason"), LOOKS)
def test_a_look_is_a_colour_that_white_is_read_on_and_a_picture_that_fetches_nothing(
    line: str, reason: str
) -> None:
    text = SMALL.replace("sender =", f"look.{line}\nsender =")
    assert text != SMALL
    if reason:
        assert reason in str(faults(text)[0])
    else:
        assert read(text)
