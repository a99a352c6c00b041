"""Free times: the question and the answer."""

from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from scheduler.api.schemas.fields import Code, Day, Strict
from scheduler.domain.clinic import Mode

WIDEST = 62
"""Days that one question may span."""


class DaysQuery(Strict):
    """Some days, by local dates."""

    from_: Annotated[Day, Field(alias="from", description="First local date.")]
    to: Annotated[Day, Field(description="Last local date, included.")]
    practitioner: Code | None = None
    location: Code | None = None
    limit: Annotated[int, Field(ge=1, le=10_000)] = 10_000

    @model_validator(mode="after")
    def _span(self) -> Self:
        if self.to < self.from_:
            raise PydanticCustomError("wrong-order", "see texts")
        if (self.to - self.from_).days >= WIDEST:
            raise PydanticCustomError("too-wide", "see texts")
        return self


class SlotsQuery(DaysQuery):
    visit_type: Code
    mode: Mode


class OwnSlotsQuery(DaysQuery):
    """For a visit that has its type already."""

    mode: Mode | None = None


class SlotOut(BaseModel):
    start: AwareDatetime
    end: AwareDatetime
    location: str | None
    practitioners: list[str]


class SlotsOut(BaseModel):
    timezone: str
    slots: list[SlotOut]
    next_available: AwareDatetime | None
