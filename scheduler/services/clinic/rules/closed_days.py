"""Holidays and the clinic's own dates."""

from collections.abc import Iterator
from datetime import date

from scheduler.services.clinic import holidays
from scheduler.services.clinic.reasons import Finding
from scheduler.services.clinic.rules.draft import Draft
from scheduler.services.clinic.schema import HolidaysTable
from scheduler.services.clinic.table import if_sound


def unknown_holidays(draft: Draft) -> Iterator[Finding]:
    table = if_sound(draft.file.holidays)
    if table is None:
        return
    if table.country is not None and not _known(table.country, None):
        reason = f'no holidays are known for "{table.country}"; write it as "US"'
        yield Finding(("holidays", "country"), reason)
    elif table.subdivision is not None and not _known(table.country or "", table.subdivision):
        reason = f'"{table.subdivision}" is not a part of the country "{table.country or ""}"'
        yield Finding(("holidays", "subdivision"), reason)
    else:
        yield from _unknown_names(table)


def _known(country: str, subdivision: str | None) -> bool:
    try:
        holidays.official(country, subdivision, holidays.SAMPLE_YEARS[0])
    except NotImplementedError:
        return False
    return True


def _unknown_names(table: HolidaysTable) -> Iterator[Finding]:
    known = holidays.names(table.country, table.subdivision) if table.country else frozenset()
    for name in table.minus_named:
        if name not in known:
            reason = f'there is no holiday "{name}"; there are: {", ".join(sorted(known)) or "none"}'
            yield Finding(("holidays", "minus_named"), reason)


def both_open_and_closed(draft: Draft) -> Iterator[Finding]:
    table = if_sound(draft.file.holidays)
    both: set[date] = set(table.plus) & set(table.minus) if table else set()
    for day in sorted(both):
        yield Finding(("holidays", "minus"), f"{day} is also in plus; a day is either closed or open")
