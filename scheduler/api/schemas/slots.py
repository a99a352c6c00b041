"""Free times: the question and the answer."""

from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from scheduler.api.schemas.fields import Code, Day, State, Strict
from scheduler.domain.clinic import Mode
from scheduler.domain.wishes import Wish
from scheduler.services.changes.moving import Destination

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
    state: Annotated[State | None, Field(description="For `telemedicine`: where the patient will be.")] = None
    needs: Annotated[
        str | None,
        StringConstraints(max_length=400),
        Field(description="Codes with commas between: the visit is longer."),
    ] = None

    def wish(self) -> Wish:
        needs = tuple(sorted({code for code in (self.needs or "").split(",") if code}))
        return Wish(self.visit_type, self.mode, self.practitioner, self.location, self.state, needs)


class OwnSlotsQuery(DaysQuery):
    """For a visit that has its type already."""

    mode: Mode | None = None
    state: Annotated[State | None, Field(description="Where the patient will be, if that is new.")] = None

    def destination(self) -> Destination:
        return Destination(
            mode=self.mode, practitioner=self.practitioner, location=self.location, state=self.state
        )


class SlotOut(BaseModel):
    start: AwareDatetime
    end: AwareDatetime
    location: str | None
    practitioners: list[str]


class SlotsOut(BaseModel):
    timezone: str
    slots: list[SlotOut]
    next_available: AwareDatetime | None
    reason: Annotated[
        str | None, Field(description="`not-licensed`: nobody may see a patient in that state by video.")
    ] = None
    next_in_person: Annotated[
        AwareDatetime | None, Field(description="With a `reason`: the first free start in person.")
    ] = None
