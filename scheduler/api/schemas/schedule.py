"""Time off and extra hours."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from scheduler.api.schemas.fields import Code, Instant, Strict
from scheduler.api.schemas.lists import PageQuery
from scheduler.domain.clinic import Mode
from scheduler.domain.messages import MessageKind, MessageState
from scheduler.domain.slots import Opening
from scheduler.domain.visits import VisitStatus


class ScheduleQuery(PageQuery):
    practitioner: Code | None = None
    since: Annotated[
        Instant | None, Field(description="Leaves out what had ended by then; now, where nothing is said.")
    ] = None


class StretchIn(Strict):
    practitioner: Code
    start: Instant
    end: Instant

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.end <= self.start:
            raise PydanticCustomError("wrong-order", "see texts")
        return self


class TimeOffIn(StretchIn):
    """A practitioner is away."""


class ExtraHoursIn(StretchIn):
    """A practitioner works beyond the weekly hours; `location` is needed for `in_person`."""

    location: Code | None = None
    modes: Annotated[frozenset[Mode], Field(min_length=1)]

    def opening(self) -> Opening:
        return Opening(self.practitioner, self.location, self.modes, self.start, self.end)


class StretchOut(BaseModel):
    id: UUID
    practitioner: str
    start: AwareDatetime
    end: AwareDatetime
    created_at: AwareDatetime
    created_by: str


class TimeOffOut(StretchOut):
    pass


class TimeOffsOut(BaseModel):
    items: list[TimeOffOut]
    next: str | None


class ExtraHoursOut(StretchOut):
    location: str | None
    modes: list[Mode]


class ExtraHoursListOut(BaseModel):
    items: list[ExtraHoursOut]
    next: str | None


class CalleeOut(BaseModel):
    """Whom to phone."""

    role: str
    name: str
    phone: str | None
    language: str


class LastMessageOut(BaseModel):
    kind: MessageKind
    state: MessageState
    due: AwareDatetime


class HitOut(BaseModel):
    """A line of the call list."""

    id: UUID
    reference: str
    status: VisitStatus
    start: AwareDatetime
    mode: Mode
    location: str | None
    patient: str
    call: CalleeOut
    notify: Annotated[str, Field(description="Whether a message would reach them: `email`, or `call`.")]
    last_message: LastMessageOut | None
    arrived: bool


class TimeOffMadeOut(TimeOffOut):
    visits: Annotated[list[HitOut], Field(description="Those it hits, by start; all of them stay booked.")]


class ExtraHoursGoneOut(ExtraHoursOut):
    visits: Annotated[list[HitOut], Field(description="Those that lie there; all of them stay booked.")]
