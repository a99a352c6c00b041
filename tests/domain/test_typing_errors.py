"""Mail addresses that somebody hardly meant."""

import pytest

from scheduler.domain.typing_errors import COMMON, likely_meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("pat@gmial.com", "pat@gmail.com"),
        ("pat@gmail.con", "pat@gmail.com"),
        ("pat@gmai.com", "pat@gmail.com"),
        ("pat@yahooo.com", "pat@yahoo.com"),
        ("pat@hotmial.com", "pat@hotmail.com"),
        ("pat@outlok.com", "pat@outlook.com"),
        ("pat@icloud.co", "pat@icloud.com"),
        ("pat@GMIAL.com", "pat@gmail.com"),
    ],
)
def test_a_slip_is_noticed(typed: str, meant: str) -> None:
    assert likely_meant(typed) == meant


@pytest.mark.parametrize(
    "typed",
    [
        *(f"pat@{domain}" for domain in COMMON),
        "pat@mail.com",
        "pat@proton.me",
        "pat@example.org",
        "pat@clinic.example",
        "pat@yahoo.com.mx",
        "",
        "pat",
        "@gmial.com",
    ],
)
def test_what_may_well_be_meant_is_not_asked_about(typed: str) -> None:
    assert likely_meant(typed) is None
