"""What the public may know of the clinic."""

from pydantic import BaseModel

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


class ClinicOut(BaseModel):
    name: str
    phone: str
    timezone: str
    languages: list[str]
    emergency: str
    links: dict[str, str]
