"""The example is a valid clinic, its visit types are those of the reference, nothing in it is anybody's."""

import re

import phonenumbers
import pytest

from scheduler.domain.clinic import Approval, Mode
from scheduler.services.clinic.check import read, unapproved
from scheduler.services.clinic.schema import ClinicFile, to_domain
from scheduler.services.clinic.table import Table
from tests.services.clinic.files import EXAMPLE

TEXT = EXAMPLE.read_text("utf-8")
MANUAL = EXAMPLE.parents[1] / "docs" / "clinic-file.md"

STAFF, AUTO, NO = Approval.STAFF, Approval.AUTO, None
TABLE = [
    ("new-eval", "New patient evaluation", 45, "yes", STAFF),
    ("revision-consult", "Second opinion after surgery", 45, "yes", AUTO),
    ("si-joint-eval", "Joint evaluation", 30, "yes", NO),
    ("neck-eval", "Neck evaluation", 30, "yes", AUTO),
    ("fracture-eval", "Injury evaluation", 30, "yes", NO),
    ("back-eval", "Back evaluation", 30, "yes", AUTO),
    ("stimulator-consult", "Device consultation", 30, "either", AUTO),
    ("post-op-early", "Post-procedure visit (first 6 weeks)", 20, "no", STAFF),
    ("post-op-late", "Post-procedure follow-up", 15, "no", AUTO),
    ("imaging-review", "Results review", 15, "no", AUTO),
    ("follow-up", "Follow-up", 15, "no", AUTO),
]
"""The reference's visit types: code, label, minutes, new patients, telemedicine."""

MEANINGS = {
    "T1": ("emergency", []),
    "T2": ("emergency", []),
    "T3": ("emergency", []),
    "T4": ("same_day_call", ["T3", "T6", "T9"]),
    "T5": ("same_day_call", ["T1", "T2", "T3"]),
    "T6": ("same_day_call", []),
    "T7": ("soon", []),
    "T8": ("emergency", []),
    "T9": ("nothing", []),
}
"""The reference's safety questions: what a yes means, and with which others it is an emergency."""


@pytest.fixture(scope="module")
def example() -> ClinicFile:
    return read(TEXT)


def test_the_visit_types_are_those_of_the_reference(example: ClinicFile) -> None:
    assert [
        (each.code, each.label["en"], each.minutes, each.new_patients, each.modes.get(Mode.TELEMEDICINE))
        for each in example.visit_types
    ] == TABLE


def test_every_visit_is_given_in_person_without_staff_looking_first(example: ClinicFile) -> None:
    assert {each.modes[Mode.IN_PERSON] for each in example.visit_types} == {AUTO}


def test_the_safety_questions_mean_what_the_reference_says(example: ClinicFile) -> None:
    assert example.triage is not None
    questions = example.triage.questions
    assert {each.id: (each.yes, each.emergency_with) for each in questions} == MEANINGS
    assert [each.id for each in questions if each.in_person_only] == ["T6"]


def test_the_rules_of_the_example_are_not_approved(example: ClinicFile) -> None:
    assert unapproved(example) == [
        "triage:example-1",
        "consent telehealth:example-1",
        "consent privacy:example-1",
        "consent sms:example-1",
    ]


def test_the_cast_shows_what_the_file_can_say(example: ClinicFile) -> None:
    clinic = to_domain(example)
    assert sorted(len(each.rooms) for each in clinic.locations) == [1, 2]
    modes = [{mode for hours in each.hours for mode in hours.modes} for each in clinic.practitioners]
    assert {Mode.TELEMEDICINE} in modes
    assert any(len(hours.modes) == 2 for each in clinic.practitioners for hours in each.hours)
    assert {str(each.timezone) for each in clinic.practitioners} == {"America/Chicago", "America/Denver"}
    assert (clinic.reminders.reminders, clinic.reminders.join) == ((4320, 1440), 60)


def test_every_address_is_at_an_example_domain() -> None:
    domains = re.findall(r"(?:@|https?://(?:www\.)?)([\w.-]+)", TEXT)
    assert set(domains) == {"example.org", "w3.org"}  # the latter names the language of pictures


def test_every_number_is_one_that_is_reserved_for_fiction() -> None:
    numbers = [each.raw_string for each in phonenumbers.PhoneNumberMatcher(TEXT, "US")]
    assert len(numbers) > 5
    assert all(re.fullmatch(r"\+1 409 555 01\d\d", each) for each in numbers)


def test_every_name_says_that_it_is_an_example(example: ClinicFile) -> None:
    people = [each.name for each in example.practitioners]
    places = [text for each in example.locations for text in (each.name, each.address)]
    clinic = [example.clinic.name, example.clinic.sender.name]
    assert all("Example" in each for each in (*people, *places, *clinic))


def test_every_line_of_the_example_can_be_read_on_paper() -> None:
    prose = re.compile(r'^(text\.)?(en|es) = "')
    assert [line for line in TEXT.splitlines() if len(line) > 130 and not prose.match(line)] == []


def tables(table: type[Table] = Table) -> set[type[Table]]:
    return {table}.union(*(tables(each) for each in table.__subclasses__()))


def test_the_manual_explains_every_key() -> None:
    keys = {key for table in tables() for key in table.model_fields}
    explained = set(re.findall(r"`(\w+)`", MANUAL.read_text("utf-8")))
    assert keys - explained == set()


def test_the_example_shows_or_names_every_key() -> None:
    keys = {key for table in tables() for key in table.model_fields}
    assert {key for key in keys if not re.search(rf"\b{key}\b", TEXT)} == set()
