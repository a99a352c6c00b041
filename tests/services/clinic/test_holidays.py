"""On which days the clinic is closed."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date

from scheduler.services.clinic.holidays import Holidays, official

CHRISTMAS = date(2031, 12, 25)
TEXAS = Holidays("US", "TX")


def test_official_holidays_are_known_for_years_ahead() -> None:
    assert CHRISTMAS in TEXAS
    assert date(2031, 12, 23) not in TEXAS


def test_a_holiday_is_observed_in_the_year_before_its_own() -> None:
    assert date(2021, 12, 31) in TEXAS  # 1 January 2022 was a Saturday


def test_the_clinic_closes_on_its_own_days_and_works_on_others() -> None:
    own = Holidays("US", "TX", plus=frozenset({date(2031, 12, 23)}), minus=frozenset({CHRISTMAS}))
    assert date(2031, 12, 23) in own
    assert CHRISTMAS not in own


def test_a_holiday_by_name_is_worked_on_in_every_year_and_where_it_is_observed() -> None:
    own = Holidays("US", "TX", minus_named=frozenset({"Texas Independence Day", "Christmas Eve"}))
    assert all(date(year, 3, 2) in TEXAS and date(year, 3, 2) not in own for year in range(2026, 2032))
    assert date(2028, 12, 22) not in own  # Christmas Eve, observed


def test_a_day_with_two_names_is_closed_while_one_of_them_is() -> None:
    both = date(2026, 1, 19)
    assert len(official("US", "TX", 2026)[both]) == 2
    assert both in Holidays("US", "TX", minus_named=frozenset({"Confederate Memorial Day"}))


def test_a_clinic_without_a_country_has_its_own_days_only() -> None:
    assert CHRISTMAS not in Holidays()
    assert CHRISTMAS in Holidays(plus=frozenset({CHRISTMAS}))


def test_what_is_no_date_is_no_holiday() -> None:
    assert "2031-12-25" not in TEXAS


def test_two_threads_see_the_same_holidays() -> None:
    """The library's own dictionary says that a year is known before it has filled it."""
    with ThreadPoolExecutor(8) as pool:
        for year in range(2040, 2060):
            official.cache_clear()
            assert all(pool.map(lambda _, day=date(year, 12, 25): day in Holidays("US", "TX"), range(16)))


def test_names_do_not_follow_the_language_of_the_machine() -> None:
    code = "from scheduler.services.clinic.holidays import names; print('Christmas Day' in names('US', 'TX'))"
    environment = {**os.environ, "LANGUAGE": "th", "LANG": "th_TH.UTF-8"}
    said = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True)
    assert said.stdout.strip() == b"True"


def test_no_country_is_imported_before_it_is_asked_for() -> None:
    code = (
        "import sys, scheduler.services.clinic.check;"
        "print(any(name.startswith('holidays.countries.') for name in sys.modules))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert said.stdout.strip() == b"False"
