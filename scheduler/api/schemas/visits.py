"""Visits as they are asked for and answered."""

from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, StrictBool, model_validator
from pydantic_core import PydanticCustomError

from scheduler.api.schemas.fields import (
    Channels,
    Code,
    ConsentNames,
    Day,
    Email,
    Instant,
    Language,
    Name,
    Needs,
    Phone,
    State,
    Strict,
    TriageToken,
    Zone,
)
from scheduler.api.schemas.overrides import OverrideIn
from scheduler.domain.actors import Actor
from scheduler.domain.booking import BookingRequest
from scheduler.domain.clinic import Mode
from scheduler.domain.people import Booker, Person, Receives
from scheduler.domain.triage import Result
from scheduler.domain.visits import VisitStatus
from scheduler.domain.wishes import Wish


class ContactIn(Strict):
    name: Name
    email: Email | None = None
    phone: Phone | None = None
    language: Language | None = None
    timezone: Zone | None = None
    channels: Channels | None = None

    @property
    def reachable(self) -> bool:
        return bool(self.email or self.phone)


class PatientIn(ContactIn):
    birth_date: Day


class BookerIn(ContactIn):
    """Somebody who books for the patient."""

    relationship: Code
    receives: Receives

    @model_validator(mode="after")
    def _told_somewhere(self) -> Self:
        if self.receives is Receives.INSTEAD and not self.reachable:
            raise PydanticCustomError("no-contact", "see texts")
        return self


class VisitIn(Strict):
    visit_type: Code
    mode: Mode
    start: Instant
    practitioner: Code | None = None
    location: Code | None = None
    new_patient: StrictBool | None = None
    patient: PatientIn
    booked_by: BookerIn | None = None
    override: OverrideIn | None = None
    state: State | None = None
    needs: Needs = ()
    triage: TriageToken | None = None
    consents: Annotated[
        ConsentNames | None,
        Field(description="What is agreed to. What is left out of a list that is sent was refused."),
    ] = None
    hold: Annotated[UUID | None, Field(description="The id of a hold; the fields above repeat it.")] = None

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if not self.patient.reachable and not (self.booked_by and self.booked_by.reachable):
            raise PydanticCustomError("no-contact", "see texts", {"pointer": "/patient"})
        return self

    def request(
        self, default_language: str, actor: Actor, client: bytes, triage: Result | None = None
    ) -> BookingRequest:
        """What the domain understands; `client` is a keyed hash of where it comes from, `triage` the opened
        token."""
        patient = _spoken(self.patient, default_language)
        booker = _spoken(self.booked_by, default_language) if self.booked_by else None
        return BookingRequest(
            wish=Wish(self.visit_type, self.mode, self.practitioner, self.location, self.state, self.needs),
            start=self.start,
            new_patient=self.new_patient,
            actor=actor,
            override=self.override.override() if self.override else None,
            hold=self.hold,
            consents=self.consents,
            triage=triage,
            client=client,
            patient=Person(**patient),
            booked_by=Booker(**booker) if booker else None,
        )


def _spoken(contact: ContactIn, default_language: str) -> dict[str, Any]:
    language, channels = contact.language or default_language, contact.channels or ()
    return {**contact.model_dump(), "language": language, "channels": channels}


class LinksOut(BaseModel):
    manage: str
    join: str | None


class RecipientOut(BaseModel):
    role: str
    relationship: str | None
    receives: bool


class VisitFactsOut(BaseModel):
    """What everybody who may see a visit sees of it."""

    id: UUID
    reference: str
    status: VisitStatus
    visit_type: str
    label: str
    mode: Mode
    start: AwareDatetime
    end: AwareDatetime
    timezone: str
    practitioner: str
    location: str | None
    state: Annotated[str | None, Field(description="Where the patient will be during a visit by video.")]
    needs: list[str]
    sequence: int
    confirmed_at: AwareDatetime | None
    notify: Annotated[
        str, Field(description="How the patient hears of it: `email`, `sms`, or `call` by the clinic.")
    ]


class VisitOut(VisitFactsOut):
    recipients: list[RecipientOut]
    links: Annotated[LinksOut | None, Field(description="Not for staff.")]


class BookedOut(VisitOut):
    token: Annotated[
        str | None,
        Field(description="The manage token: it opens this visit, and nothing else. Not for staff."),
    ]
