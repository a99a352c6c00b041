"""Visits as staff ask for them, and as they are answered to staff."""

from datetime import date
from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, Field, RootModel, model_validator
from pydantic_core import PydanticCustomError

from scheduler.api.schemas.fields import Code, Day, Email, Name, Phone
from scheduler.api.schemas.lists import ByUuid, Limit, PageQuery
from scheduler.api.schemas.slots import DaysQuery
from scheduler.api.schemas.visits import RecipientOut, VisitFactsOut, VisitOut
from scheduler.domain.visits import CancelReason, VisitStatus
from scheduler.services.visits.finding import Days, Sought


class VisitsQuery(DaysQuery):
    """Each visit by the local date where it takes place."""

    status: VisitStatus | None = None
    cursor: ByUuid | None = None
    limit: Limit = 50

    def days(self) -> Days:
        return Days(self.from_, self.to, self.practitioner, self.location, self.status)


class VisitsSearchIn(PageQuery):
    """Everything that is said must fit; a name fits by its surname and all words that are said."""

    reference: Code | None = None
    email: Email | None = None
    phone: Phone | None = None
    birth_date: Day | None = None
    name: Name | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.sought().by:
            raise PydanticCustomError("nothing-asked", "see texts")
        return self

    def sought(self) -> Sought:
        return Sought(self.reference, self.email, self.phone, self.birth_date, self.name)


class PatientOut(BaseModel):
    name: str
    birth_date: date


class StaffRecipientOut(RecipientOut):
    name: str
    email: str | None
    phone: str | None
    language: str
    reminders: Annotated[bool, Field(description="Whether they want reminders by mail.")]
    mail_ended: Annotated[
        str | None,
        Field(description="Why no mail goes there: `address-dead`, `bounced`, `complaint` or `not-you`."),
    ]
    answer: Annotated[
        str | None, Field(description="Their calendar's newest answer to the invite, such as `declined`.")
    ]


class StaffVisitOut(VisitFactsOut):
    patient: PatientOut
    recipients: list[StaffRecipientOut]
    new_patient: Annotated[bool | None, Field(description="What was said at booking.")]
    cancel_reason: CancelReason | None
    answer_by: Annotated[AwareDatetime | None, Field(description="Until when a request has to be answered.")]


class StaffVisitsOut(BaseModel):
    items: list[StaffVisitOut]
    next: str | None


class AnyVisitOut(RootModel[VisitOut | StaffVisitOut]):
    """With links for whoever holds one; with the people for staff."""


class EventOut(BaseModel):
    at: AwareDatetime
    actor: Annotated[str, Field(description="`patient`, `booked_by`, `staff:<key name>` or `system`.")]
    act: str
    from_status: VisitStatus | None
    to_status: VisitStatus
    sequence: int
    reason: str | None


class HistoryOut(BaseModel):
    items: list[EventOut]
    next: str | None = None
