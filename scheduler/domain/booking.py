"""What somebody asks for when they book, and the rules that it must meet."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from scheduler.domain.clinic import Clinic, Mode, NewPatients, VisitType
from scheduler.domain.errors import Fault, Invalid
from scheduler.domain.people import Person
from scheduler.domain.slots import Search, horizon
from scheduler.domain.times import local_date


@dataclass(frozen=True, slots=True)
class BookingRequest:
    """A visit that is asked for; codes are the clinic file's, `start` is an instant."""

    visit_type: str
    mode: Mode
    start: datetime
    patient: Person
    practitioner: str | None = None
    location: str | None = None
    new_patient: bool | None = None


def find_type(clinic: Clinic, code: str, mode: Mode, pointer: str = "") -> VisitType:
    """The visit type of a request.

    Raises Invalid where the clinic does not have it, or not in that mode.
    """
    kind = clinic.visit_type(code)
    if kind is None:
        raise Invalid(
            [Fault(f"{pointer}/visit_type", "unknown", "The clinic does not have this kind of visit.")]
        )
    if mode not in kind.modes:
        raise Invalid([Fault(f"{pointer}/mode", "not-offered", "This kind of visit is not given this way.")])
    return kind


def check_codes(clinic: Clinic, mode: Mode, practitioner: str | None, location: str | None) -> None:
    """Raises Invalid for codes that the clinic does not have, or a place for a video visit."""
    faults = []
    if practitioner is not None and clinic.practitioner(practitioner) is None:
        faults.append(Fault("/practitioner", "unknown", "The clinic does not have this practitioner."))
    if location is not None and clinic.location(location) is None:
        faults.append(Fault("/location", "unknown", "The clinic does not have this location."))
    elif location is not None and mode is Mode.TELEMEDICINE:
        faults.append(Fault("/location", "not-offered", "A video visit has no location."))
    if faults:
        raise Invalid(faults)


def check_request(clinic: Clinic, request: BookingRequest) -> VisitType:
    """The visit type of a booking that may be looked at further.

    Raises Invalid with all faults of the fields that stand in the clinic file.
    """
    kind = find_type(clinic, request.visit_type, request.mode)
    check_codes(clinic, request.mode, request.practitioner, request.location)
    if faults := list(_mismatches(clinic, kind, request)):
        raise Invalid(faults)
    return kind


def _mismatches(clinic: Clinic, kind: VisitType, request: BookingRequest) -> Iterator[Fault]:
    expected = {NewPatients.YES: True, NewPatients.NO: False}.get(kind.new_patients)
    if expected is not None and request.new_patient is not None and request.new_patient != expected:
        whom = "new patients" if expected else "patients whom the clinic knows"
        yield Fault("/new_patient", "mismatch", f"This kind of visit is for {whom}.")
    if request.patient.language not in clinic.languages:
        spoken = ", ".join(clinic.languages)
        yield Fault("/patient/language", "not-offered", f"The clinic writes in these languages: {spoken}.")


def search_for(clinic: Clinic, kind: VisitType, request: BookingRequest, now: datetime) -> Search:
    """The search whose answer must hold the requested start."""
    earliest, latest = horizon(kind, now)
    place = clinic.location(request.location) if request.location else None
    zone = place.timezone if place else clinic.timezone
    day = local_date(request.start, zone)
    return Search(
        visit_type=kind,
        mode=request.mode,
        first=day,
        last=day,
        zone=zone,
        earliest=earliest,
        latest=latest,
        practitioner=request.practitioner,
        location=request.location,
    )
