"""Practitioners' other calendars."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from scheduler.api.schemas.fields import Code, Printable, Strict
from scheduler.domain.destinations import LONGEST


class OutsideCalendarsQuery(Strict):
    practitioner: Code | None = None


class OutsideCalendarIn(Strict):
    practitioner: Code
    label: Annotated[
        str,
        StringConstraints(min_length=1, max_length=100),
        Printable,
        Field(description="What staff call it, such as “hospital rota”."),
    ]
    address: Annotated[
        str,
        StringConstraints(min_length=1, max_length=LONGEST),
        Printable,
        Field(description="Of its iCalendar file: `https://…` or `webcal://…`. A secret, kept sealed."),
    ]


class OutsideCalendarOut(BaseModel):
    id: UUID
    practitioner: str
    label: str
    host: Annotated[str, Field(description="All that is shown of its address.")]
    created_at: AwareDatetime
    created_by: str
    tried_at: AwareDatetime | None
    fetched_at: Annotated[
        AwareDatetime | None,
        Field(description="When it last worked. What it said then stays in force while it does not."),
    ]
    last_error: Annotated[
        str | None, Field(description="Why it did not work, as a code; null where it does.")
    ]
    complete: Annotated[bool, Field(description="Whether all its events could be read.")]


class OutsideCalendarsOut(BaseModel):
    items: list[OutsideCalendarOut]
    next: str | None
