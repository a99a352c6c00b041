"""Names and contacts as they are compared, and the references that visits are called by."""

import re
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.domain.people import (
    ALPHABET,
    CONTROL,
    Person,
    fold,
    fold_email,
    fold_reference,
    new_reference,
    surname,
)

quick = settings(max_examples=300, deadline=None, derandomize=True)


@pytest.mark.parametrize(
    "written",
    [
        "María José García-López",
        "maria jose garcia lopez",
        "MARÍA  JOSÉ\tGARCÍA LÓPEZ",
        "Mari\u0301a Jose\u0301 Garci\u0301a-Lo\u0301pez",
        " María José García–López. ",
        "Maria_Jose (Garcia) Lopez",
    ],
)
def test_a_name_is_the_same_however_it_is_typed(written: str) -> None:
    assert fold(written) == "maria jose garcia lopez"


@pytest.mark.parametrize(("one", "other"), [("Ann Lee", "Anne Lee"), ("Ann Lee", "Lee Ann"), ("李", "王")])
def test_different_names_stay_different(one: str, other: str) -> None:
    assert fold(one) != fold(other)


def test_letters_of_other_shapes_are_the_letters_that_they_stand_for() -> None:
    assert fold("\N{FULLWIDTH LATIN CAPITAL LETTER A}nn") == "ann"
    assert fold("\N{BLACK-LETTER CAPITAL H}ans Strauß") == fold("HANS STRAUSS") == "hans strauss"


@given(st.text(max_size=30))
@quick
def test_folding_a_folded_name_changes_nothing(name: str) -> None:
    assert fold(fold(name)) == fold(name)


@given(st.text(st.characters(max_codepoint=0x24F), max_size=30))
@quick
def test_a_name_in_capitals_is_the_same_name(name: str) -> None:
    assert fold(name.upper()) == fold(name)


@given(st.text(max_size=40))
@quick
def test_a_folded_name_has_single_spaces_and_no_control_characters(name: str) -> None:
    assert not CONTROL.search(fold(name))
    assert "  " not in fold(name)
    assert fold(name) == fold(name).strip()


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Pat Example", "example"), ("Example", "example"), ("Jan van der Berg", "berg"), ("...", "")],
)
def test_the_surname_is_the_last_word(name: str, expected: str) -> None:
    assert surname(name) == expected


def test_mail_addresses_are_compared_without_case() -> None:
    assert fold_email("Pat.Example@Patients.EXAMPLE") == fold_email("pat.example@patients.example")


def test_a_person_is_greeted_by_the_first_word_of_the_name() -> None:
    assert Person(name="Pat Q. Example", birth_date=date(1960, 2, 29)).first_name == "Pat"


def test_a_reference_is_two_groups_of_four_that_can_be_read_over_the_phone() -> None:
    for _ in range(200):
        assert re.fullmatch(rf"[{ALPHABET}]{{4}}-[{ALPHABET}]{{4}}", new_reference())


def test_references_hold_no_vowel_and_nothing_that_looks_like_something_else() -> None:
    assert not set("AEIOU01L") & set(ALPHABET)
    assert len(set(ALPHABET)) == len(ALPHABET)


def test_no_two_references_of_a_thousand_are_equal() -> None:
    assert len({new_reference() for _ in range(1_000)}) == 1_000


@pytest.mark.parametrize("typed", ["K7QM-2XWP", "k7qm2xwp", " K7QM 2XWP ", "k7-qm-2x-wp"])
def test_a_reference_is_found_however_it_is_typed(typed: str) -> None:
    assert fold_reference(typed) == "K7QM2XWP"


@pytest.mark.parametrize(
    "character", ["\r", "\n", "\x00", "\x0b", "\x0c", "\x85", "\u2028", "\u2029", "\x7f"]
)
def test_characters_that_could_break_a_header_are_known(character: str) -> None:
    assert CONTROL.search(f"Pat{character}Example")


def test_letters_of_any_script_are_no_control_characters() -> None:
    assert not CONTROL.search("Пат Žižka 李 محمد O’Brien-Ñandú")
