"""The kinds of value that a clinic file holds, each with what it accepts and why it refuses.

The reasons are read by a clinic's administrator: they say what is wrong and what would be right. Every kind
also accepts its own canonical form, so that a stored document is read back with the same models.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime, time
from functools import cache
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer

from scheduler.domain.clinic import GRID_MINUTES
from scheduler.services.clinic.states import US_STATES

MINUTES_OF = {"d": 24 * 60, "h": 60, "min": 1}
LONGEST_DAYS = 730
"""No duration of a clinic is longer; a typing error often is."""
LINE_LIMIT = 200
TEXT_LIMIT = 10_000
DEFAULT_REGION = "US"
"""Whose numbers may be written without the country's code."""

_DURATION = re.compile(r"(?:(\d{1,4})d)?\s*(?:(\d{1,5})h)?\s*(?:(\d{1,6})min)?")
_CODE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_VERSION = re.compile(r"[A-Za-z0-9]+(?:[.-][A-Za-z0-9]+)*")
_KEY = re.compile(r"[a-z0-9]+(?:[_-][a-z0-9]+)*")
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


def matching(pattern: re.Pattern[str], wanted: str, limit: int = 40) -> Callable[[str], str]:
    """A check that the whole text has this form and fits into `limit` characters."""

    def check(value: str) -> str:
        if len(value) > limit:
            raise ValueError(f'"{shown(value)}" has more than {limit} characters')
        if not pattern.fullmatch(value):
            raise ValueError(f'"{shown(value)}" must be {wanted}')
        return value

    return check


def shown(value: object, limit: int = 60) -> str:
    """A value as an error message may repeat it: one line, nothing that steers a terminal, not too long."""
    said = str(value).lower() if isinstance(value, bool) else str(value)
    text = "".join(sign if sign.isprintable() else "�" for sign in said)
    return text if len(text) <= limit else f"{text[:limit]}…"


def _text(value: str, limit: int, allowed: str = "") -> str:
    value = value.strip()
    if not value:
        raise ValueError("must not be empty")
    if len(value) > limit:
        raise ValueError(f"has {len(value)} characters; at most {limit} are possible")
    # Controls could forge a mail header or a calendar line, and "format" signs hide or reverse what is read.
    bad = next((s for s in value if s not in allowed and unicodedata.category(s) in _UNSEEN), None)
    if bad is not None:
        raise ValueError(f"contains the invisible character U+{ord(bad):04X}")
    return value


_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def line(value: str) -> str:
    return _text(value, LINE_LIMIT)


def prose(value: str) -> str:
    return _text(value, TEXT_LIMIT, allowed="\n")


def minutes(value: object) -> int:
    """Whole minutes, from a number of them or from "90min", "4h", "1h30min", "90d"."""
    found = value if isinstance(value, int) and not isinstance(value, bool) else _duration(value)
    if found % GRID_MINUTES:
        raise ValueError(f"{found} minutes is not a multiple of {GRID_MINUTES} minutes")
    if not 0 <= found <= LONGEST_DAYS * MINUTES_OF["d"]:
        raise ValueError(f"{shown(value)} must be between 0 and {LONGEST_DAYS} days")
    return found


def _duration(value: object) -> int:
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None or not any(match.groups()):
        raise ValueError(f'{shown(value)} is not a duration; write minutes, or "30min", "4h", "90d"')
    return sum(int(n or 0) * size for n, size in zip(match.groups(), MINUTES_OF.values(), strict=True))


def days(value: object) -> int:
    """Whole days, from a number of them or from "90d"."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    match = re.fullmatch(r"(\d{1,4})d", value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f'{shown(value)} is not a number of days; write 90 or "90d"')
    return int(match[1])


def positive(value: int) -> int:
    if value <= 0:
        raise ValueError(f"{value} is not more than 0")
    return value


def clock(value: object) -> time:
    """A wall time on the grid, from "08:00" or TOML's own 08:00:00; "24:00" is `time.max`."""
    if value in ("24:00", time.max):
        return time.max
    match = _CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
    found = time(int(match[1]), int(match[2])) if match else value
    if not isinstance(found, time) or found.second or found.microsecond:
        raise ValueError(f'{shown(value)} is not a time of day; write it as "08:00" or "17:30"')
    if found.minute % GRID_MINUTES:
        raise ValueError(f"{clock_text(found)} is not a multiple of {GRID_MINUTES} minutes")
    return found


def clock_text(value: time) -> str:
    return "24:00" if value == time.max else value.strftime("%H:%M")


def a_date(value: object) -> date:
    """A local date, from TOML's own 2026-12-24 or the same in quotes."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value if isinstance(value, str) and len(value) == 10 else "")
    except ValueError:
        raise ValueError(f"{shown(value)} is not a date; write it as 2026-12-24") from None


def zone(value: str) -> str:
    if value != "UTC" and ("/" not in value or value not in _zones()):
        raise ValueError(f'"{shown(value)}" is not a time zone; write it as "America/Chicago"')
    return value


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def phone(value: str) -> str:
    """In E.164; "(409) 555-0100" and "+1 409 555 0100" are the same number."""
    try:
        number = phonenumbers.parse(value, DEFAULT_REGION)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or number.extension or not phonenumbers.is_valid_number(number):
        raise ValueError(f'"{shown(value)}" is not a phone number; write it as "+1 409 555 0100"')
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def email(value: str) -> str:
    """A mailbox in ASCII: not every calendar or mail server takes another as an organizer."""
    try:
        return validate_email(value, check_deliverability=False, allow_smtputf8=False).normalized
    except EmailNotValidError as error:
        raise ValueError(f'"{shown(value)}" is not a mail address: {error}') from None


def contact(value: str) -> str:
    """A mail address or a phone number that takes texts."""
    return email(value) if "@" in value else phone(value)


def link(value: str) -> str:
    parts = urlsplit(line(value))
    if parts.scheme not in ("https", "http") or not parts.hostname or " " in value:
        raise ValueError(f'"{shown(value)}" is not a web address; write it as "https://example.org/privacy"')
    return value


def state(value: str) -> str:
    if value not in US_STATES:
        raise ValueError(f'"{shown(value)}" is not the code of a US state; write it as "TX"')
    return value


def empty_is_none(value: object) -> object:
    """TOML has no null; "" says "not yet"."""
    return None if value == "" else value


def never_is_none(value: object) -> object:
    return None if value == "never" else value


def distinct(values: list[Any]) -> list[Any]:
    """Sorted, so that another order is no change; the same value twice is a slip."""
    twice = next((each for each in values if values.count(each) > 1), None)
    if twice is not None:
        raise ValueError(f'"{shown(twice)}" is written twice')
    return sorted(values)


Line = Annotated[str, AfterValidator(line)]
Prose = Annotated[str, AfterValidator(prose)]
Code = Annotated[str, AfterValidator(matching(_CODE, 'lower-case letters and digits, such as "follow-up"'))]
Version = Annotated[str, AfterValidator(matching(_VERSION, 'letters, digits, "." and "-", as in "2026-01"'))]
Key = Annotated[str, AfterValidator(matching(_KEY, 'lower-case letters, digits, "_" and "-"'))]
Language = Annotated[
    str, AfterValidator(matching(re.compile("[a-z]{2}"), 'the two letters of a language, such as "en"', 2))
]
Texts = Annotated[dict[Language, Prose], Field(min_length=1)]
Labels = Annotated[dict[Language, Line], Field(min_length=1)]
Zone = Annotated[str, AfterValidator(zone)]
Phone = Annotated[str, AfterValidator(phone)]
Email = Annotated[str, AfterValidator(email)]
Contact = Annotated[str, AfterValidator(contact)]
Link = Annotated[str, AfterValidator(link)]
State = Annotated[str, AfterValidator(state)]
Minutes = Annotated[int, BeforeValidator(minutes)]
SomeMinutes = Annotated[int, BeforeValidator(minutes), AfterValidator(positive)]
Days = Annotated[int, BeforeValidator(days), Field(ge=1, le=LONGEST_DAYS)]
Date = Annotated[date, BeforeValidator(a_date)]
Clock = Annotated[time, BeforeValidator(clock), PlainSerializer(clock_text, return_type=str)]
