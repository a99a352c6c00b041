"""The days on which a clinic is closed: official holidays, plus its own dates, minus those it works on.

The `holidays` package imports a country only when it is first asked for. Its own lazy dictionary is not used:
it notes a year as known before it has filled it, so that a second thread could offer times at Christmas.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

from holidays import country_holidays

SAMPLE_YEARS = range(2025, 2037)
"""Holidays are looked for by name in these; twelve years show every one that moves or is observed late."""


@dataclass(frozen=True, slots=True)
class Holidays:
    """A `Container[date]`: `day in holidays` says whether the clinic is closed on that local date."""

    country: str | None = None
    subdivision: str | None = None
    plus: frozenset[date] = frozenset()
    minus: frozenset[date] = frozenset()
    minus_named: frozenset[str] = frozenset()

    def __contains__(self, day: object) -> bool:
        if not isinstance(day, date) or day in self.minus:
            return False
        return day in self.plus or any(not self._worked(name) for name in self._names(day))

    def _names(self, day: date) -> tuple[str, ...]:
        return official(self.country, self.subdivision, day.year).get(day, ()) if self.country else ()

    def _worked(self, name: str) -> bool:
        """ "Christmas Eve" means "Christmas Eve (observed)" too."""
        return any(name == each or name.startswith(f"{each} (") for each in self.minus_named)


@cache
def official(country: str, subdivision: str | None, year: int) -> Mapping[date, tuple[str, ...]]:
    """One year's holidays: each date with all its names. Raises NotImplementedError: no such place."""
    # Without a language the package takes the machine's, and names would differ from host to host.
    language = country_holidays(country, subdiv=subdivision).default_language
    found = country_holidays(country, subdiv=subdivision, years=year, expand=False, language=language)
    return {day: tuple(found.get_list(day)) for day in found}


def names(country: str, subdivision: str | None) -> frozenset[str]:
    """Every name that an official holiday has there."""
    years = (official(country, subdivision, year) for year in SAMPLE_YEARS)
    return frozenset(name for year in years for day in year.values() for name in day)
