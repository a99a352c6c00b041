"""Contrast by WCAG's formula, against values that it publishes."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from scheduler.domain.colours import DARK_GROUND, WELL_READ, contrast, for_dark_pages

colours = some.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("#000000", "#ffffff", 21.0), ("#777777", "#ffffff", 4.48), ("#0000ff", "#ffffff", 8.59)],
)
def test_contrast_is_what_wcag_says(one: str, other: str, expected: float) -> None:
    assert contrast(one, other) == pytest.approx(expected, abs=0.01)
    assert contrast(one, other) == contrast(other, one)


@given(colours)
def test_any_accent_is_well_read_on_dark_pages(accent: str) -> None:
    assert contrast(for_dark_pages(accent), DARK_GROUND) >= WELL_READ


def test_an_accent_that_is_light_enough_stays_as_it_is() -> None:
    assert for_dark_pages("#93d5e2") == "#93d5e2"
