"""Passwords at the price that they have in production; all other tests pay less."""

import runpy
from types import SimpleNamespace

import pytest
from argon2 import extract_parameters

from scheduler.services.accounts import passwords as cheap

passwords = SimpleNamespace(**runpy.run_path(str(cheap.__file__)))
PASSWORD = "four words of a test"


def test_a_try_costs_what_owasp_recommends() -> None:
    assert passwords.hashed(PASSWORD).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_a_try_costs_the_same_where_there_is_no_account() -> None:
    assert extract_parameters(passwords.NOBODYS) == extract_parameters(passwords.hashed(PASSWORD))


@pytest.mark.parametrize("kept", [passwords.NOBODYS, None, "", "nonsense"])
def test_what_is_kept_of_nobody_fits_no_password(kept: str | None) -> None:
    assert not any(passwords.fits(kept, each) for each in ("", "A" * 43, PASSWORD))


def test_a_password_fits_itself_alone_and_is_kept_differently_each_time() -> None:
    kept = passwords.hashed(PASSWORD)
    assert passwords.fits(kept, PASSWORD)
    assert not passwords.fits(kept, PASSWORD.upper())
    assert passwords.hashed(PASSWORD) != kept
