"""Kinds of fields that several requests share. Their error types are the fault codes of `texts/`."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from scheduler.domain.people import CONTROL
from scheduler.services.clinic.states import US_STATES

HOME_REGION = "US"
"""Where a phone number without a country code is at home: licences are given by states of this country."""

OLDEST_YEAR, NEWEST_YEAR = 1900, 2100

DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


def _fault(code: str) -> PydanticCustomError:
    return PydanticCustomError(code, "see texts")


def _printable(value: object) -> object:
    """Refuses control characters before white space is stripped: they are never a slip of the finger."""
    if isinstance(value, str) and CONTROL.search(value):
        raise _fault("control-characters")
    return value


def _named(value: str) -> str:
    if not any(character.isalpha() for character in value):
        raise _fault("not-a-name")
    return value


def _email(value: str) -> str:
    try:
        return validate_email(value, check_deliverability=False).normalized
    except EmailNotValidError:
        raise _fault("not-an-email") from None


def _phone(value: str) -> str:
    """E.164, from any way of writing a number."""
    try:
        number = phonenumbers.parse(value, HOME_REGION)
    except phonenumbers.NumberParseException:
        raise _fault("not-a-phone") from None
    if number.extension or not phonenumbers.is_valid_number(number):
        raise _fault("not-a-phone")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _zone(value: str) -> str:
    if value not in available_timezones() or "/" not in value:
        raise _fault("not-a-zone")
    ZoneInfo(value)
    return value


def _state(value: str) -> str:
    if value not in US_STATES:
        raise _fault("not-a-state")
    return value


def _each_once(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))


def _sane_instant(value: datetime) -> datetime:
    if not OLDEST_YEAR < value.year < NEWEST_YEAR:
        raise _fault("out-of-range")
    return value.astimezone(UTC)


def _sane_date(value: date) -> date:
    if not OLDEST_YEAR <= value.year < NEWEST_YEAR:
        raise _fault("out-of-range")
    return value


def _written_date(value: object) -> object:
    """Dates are written; a number of seconds is not a date, and pydantic would take "0" for one."""
    if isinstance(value, str) and not DATE.fullmatch(value):
        raise _fault("not-a-date")
    if not isinstance(value, str | date):
        raise _fault("not-a-date")
    return value


def _written_instant(value: object) -> object:
    if not isinstance(value, str | datetime) or (isinstance(value, str) and "T" not in value.upper()):
        raise _fault("not-an-instant")
    return value


Printable = BeforeValidator(_printable)
Code = Annotated[str, Printable, StringConstraints(min_length=1, max_length=64)]
TriageToken = Annotated[
    str, Printable, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$", min_length=1, max_length=1_000)
]
"""The `token` of `POST /v1/triage`."""
ConsentName = Annotated[
    str, Printable, StringConstraints(pattern=r"^[a-z0-9_-]+:[A-Za-z0-9.-]+$", min_length=3, max_length=90)
]
"""A consent text in one version: `telehealth:2026-01`."""
State = Annotated[
    str,
    Printable,
    StringConstraints(min_length=2, max_length=2),
    AfterValidator(_state),
    WithJsonSchema(
        {"type": "string", "enum": sorted(US_STATES), "description": "Where the patient will be."}
    ),
]
Needs = Annotated[tuple[Code, ...], Field(max_length=20), AfterValidator(_each_once)]
"""Codes of the needs of `GET /v1/clinic`."""
ConsentNames = Annotated[list[ConsentName], Field(max_length=20)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_named), Printable]
Email = Annotated[str, StringConstraints(max_length=254), AfterValidator(_email), Printable]
Phone = Annotated[str, StringConstraints(max_length=40), AfterValidator(_phone), Printable]
Zone = Annotated[str, StringConstraints(max_length=64), AfterValidator(_zone), Printable]
Channels = Annotated[
    tuple[Literal["email", "sms"], ...],
    Field(min_length=1, max_length=2, description="How the person wishes to hear of it."),
]
Language = Annotated[str, StringConstraints(pattern="^[a-z]{2}$"), Printable]
Instant = Annotated[AwareDatetime, AfterValidator(_sane_instant), BeforeValidator(_written_instant)]
Day = Annotated[date, AfterValidator(_sane_date), BeforeValidator(_written_date)]
