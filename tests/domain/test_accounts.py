"""What a name and a password of staff must be, and when a session ends."""

from datetime import timedelta

import pytest

from scheduler.domain.accounts import faults_of_name, faults_of_password, fold_account, session_is_over
from tests.cast import NOW


@pytest.mark.parametrize("name", ["pat", "pat.example", "front-desk", "a_1"])
def test_an_account_has_a_plain_name(name: str) -> None:
    assert list(faults_of_name(name)) == []


@pytest.mark.parametrize("name", ["", "pa", "Pat", "pat example", "-pat", "pat-", "p" * 65, "pat\n", "päť"])
def test_other_names_are_refused(name: str) -> None:
    assert [fault.code for fault in faults_of_name(name)] == ["not-an-account-name"]


def test_a_name_is_the_same_however_it_is_typed() -> None:
    assert fold_account("  Pat.Example ") == "pat.example"


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short", "too-short"),
        ("a" * 201, "too-long"),
        ("aaaaaaaaaaaaaaaa", "easy-to-guess"),
        ("Pat.Example-2026", "easy-to-guess"),
    ],
)
def test_a_password_that_is_easy_to_guess_is_refused(password: str, code: str) -> None:
    assert [fault.code for fault in faults_of_password(password, "pat.example")] == [code]


def test_a_password_of_a_few_words_is_taken() -> None:
    assert list(faults_of_password("four plain words here", "pat")) == []


@pytest.mark.parametrize(
    ("began", "seen", "over"),
    [
        (0, 0, False),
        (14, 14, False),
        (20, 15, True),
        (11 * 60 + 59, 1, False),
        (12 * 60, 1, True),
    ],
)
def test_a_session_ends_after_a_quarter_of_an_hour_without_use_and_after_twelve_hours(
    began: int, seen: int, over: bool
) -> None:
    ago = timedelta(minutes=1)
    assert session_is_over(NOW - began * ago, NOW - seen * ago, NOW) is over
