"""What the public may know of the clinic."""

from typing import Annotated

from pydantic import BaseModel, Field

from scheduler.domain.clinic import Approval, Mode, NewPatients


class ModeOut(BaseModel):
    mode: Mode
    approval: Approval


class VisitTypeOut(BaseModel):
    code: str
    label: str
    description: str
    minutes: int
    modes: list[ModeOut]
    new_patients: NewPatients
    triage: Annotated[bool, Field(description="Whether the safety questions are asked first.")]


class VisitTypesOut(BaseModel):
    items: list[VisitTypeOut]
    next: str | None = None


class PractitionerOut(BaseModel):
    code: str
    name: str
    timezone: str
    visit_types: list[str]
    locations: list[str]


class PractitionersOut(BaseModel):
    items: list[PractitionerOut]
    next: str | None = None


class LocationOut(BaseModel):
    code: str
    name: str
    address: str
    timezone: str
    phone: str | None


class LocationsOut(BaseModel):
    items: list[LocationOut]
    next: str | None = None


class ConsentOut(BaseModel):
    """A text to agree to, or to acknowledge; a booking names it as `kind:version`."""

    kind: str
    version: str
    text: str
    modes: Annotated[list[Mode], Field(description="The visits that ask for it.")]
    required: Annotated[bool, Field(description="Whether such a visit cannot take place without it.")]


class NeedOut(BaseModel):
    """What a patient may need for a visit; ask for it before times are shown."""

    code: str
    label: str
    extra_minutes: Annotated[int, Field(description="By so much the visit is longer.")]
    modes: list[Mode]


class ClinicOut(BaseModel):
    name: str
    phone: str
    timezone: str
    languages: list[str]
    emergency: str
    links: dict[str, str]
    consents: list[ConsentOut]
    needs: list[NeedOut]
