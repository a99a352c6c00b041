"""The words in which each language says days, months and time zones.

Written here and not taken from a library's locale data, because those change with each of its releases: a
retry of a message must have the bytes of its first try. CLDR would also call the time of Mexico City "Central
time", an hour off that of Chicago in summer.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    weekdays: tuple[str, ...]
    """Monday first."""
    months: tuple[str, ...]
    short_months: tuple[str, ...]
    halves: tuple[str, str]
    """What follows an hour before noon and after it."""
    noon: str
    """What follows 12:00."""
    text_noon: str
    """The whole of it, as a text has it, which has no room: never longer than another time."""
    hour_articles: tuple[str, str]
    """What stands between "at" and one o'clock, and between "at" and every other hour."""
    date: str
    short_date: str
    text_day: str
    """As a text has it, which has no room."""
    zones: Mapping[str, str]
    """By the names of `REGIONS`."""
    city_zone: str
    cities: Mapping[str, str]
    """Where a city is called otherwise than the time zone database calls it."""


REGIONS: Mapping[str, str] = {
    key: region
    for region, keys in {
        "eastern": """US/Eastern US/Michigan US/East-Indiana EST5EDT America/New_York America/Detroit
            America/Kentucky/Louisville America/Kentucky/Monticello America/Louisville America/Fort_Wayne
            America/Indianapolis America/Indiana/Indianapolis America/Indiana/Vincennes
            America/Indiana/Winamac America/Indiana/Marengo America/Indiana/Petersburg
            America/Indiana/Vevay""",
        "central": """US/Central US/Indiana-Starke CST6CDT America/Chicago America/Menominee
            America/Indiana/Knox America/Knox_IN America/Indiana/Tell_City America/North_Dakota/Center
            America/North_Dakota/New_Salem America/North_Dakota/Beulah""",
        "mountain": "US/Mountain MST7MDT America/Denver America/Boise",
        "arizona": "US/Arizona America/Phoenix",
        "pacific": "US/Pacific PST8PDT America/Los_Angeles",
        "alaska": """US/Alaska America/Anchorage America/Juneau America/Sitka America/Metlakatla
            America/Yakutat America/Nome""",
        "aleutian": "US/Aleutian America/Adak America/Atka",
        "hawaii": "US/Hawaii Pacific/Honolulu",
        "atlantic": "America/Puerto_Rico America/St_Thomas America/Virgin",
    }.items()
    for key in keys.split()
}
"""Zones that people in the United States know by a name that is not a city's."""

_ENGLISH = Words(
    weekdays=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    months=(
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
    short_months=("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    halves=("AM", "PM"),
    noon="noon",
    text_noon="noon",
    hour_articles=("", ""),
    date="{weekday}, {month} {day}, {year}",
    short_date="{short_month} {day}",
    text_day="{weekday} {short_month} {day}",
    zones={
        "eastern": "Eastern time",
        "central": "Central time",
        "mountain": "Mountain time",
        "arizona": "Arizona time",
        "pacific": "Pacific time",
        "alaska": "Alaska time",
        "aleutian": "Aleutian time",
        "hawaii": "Hawaii time",
        "atlantic": "Atlantic time",
    },
    city_zone="{city} time",
    cities={},
)

_SPANISH = Words(
    weekdays=("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
    months=(
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ),
    short_months=("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"),
    halves=("a.\N{NO-BREAK SPACE}m.", "p.\N{NO-BREAK SPACE}m."),
    noon="del mediodía",
    text_noon="mediodía",
    hour_articles=("la ", "las "),
    date="{weekday}, {day} de {month} de {year}",
    short_date="{day} de {short_month}",
    text_day="{weekday} {day} {short_month}",
    zones={
        "eastern": "hora del Este",
        "central": "hora del Centro",
        "mountain": "hora de la Montaña",
        "arizona": "hora de Arizona",
        "pacific": "hora del Pacífico",
        "alaska": "hora de Alaska",
        "aleutian": "hora de las Aleutianas",
        "hawaii": "hora de Hawái",
        "atlantic": "hora del Atlántico",
    },
    city_zone="hora de {city}",
    cities={
        "Havana": "La Habana",
        "Mexico City": "Ciudad de México",
        "Panama": "Panamá",
        "Bogota": "Bogotá",
        "London": "Londres",
        "Tokyo": "Tokio",
    },
)

WORDS: Mapping[str, Words] = {"en": _ENGLISH, "es": _SPANISH}
"""By language; the first is the one that is spoken where a patient's own has no texts."""


def known_language(language: str) -> str:
    """The language of the texts for a tag such as `es-MX`."""
    primary = language.replace("_", "-").partition("-")[0].lower()
    return primary if primary in WORDS else next(iter(WORDS))
