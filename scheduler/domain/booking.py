"""What somebody asks for when they book, and what it must fit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from scheduler.domain.actors import PUBLIC, Actor
from scheduler.domain.clinic import Clinic, NewPatients
from scheduler.domain.consents import decisions_at_booking
from scheduler.domain.errors import Fault, Invalid
from scheduler.domain.gate import check_triage
from scheduler.domain.licences import check_place
from scheduler.domain.minors import check_guardian, receives
from scheduler.domain.overrides import Override, set_aside
from scheduler.domain.people import Booker, Contact, Person
from scheduler.domain.slots import Search
from scheduler.domain.times import local_date
from scheduler.domain.triage import Result
from scheduler.domain.wishes import Wish, search, zone_of


@dataclass(frozen=True, slots=True)
class BookingRequest:
    """A visit that is asked for; `start` is an instant."""

    wish: Wish
    start: datetime
    patient: Person
    booked_by: Booker | None = None
    new_patient: bool | None = None
    actor: Actor = PUBLIC
    override: Override | None = None
    """Staff only."""
    hold: UUID | None = None
    """Time that was held for it. One that has ended, or never was, counts as none."""
    consents: Sequence[str] | None = None
    """What whoever books agreed to, as `kind:version`; None where nobody asked them."""
    triage: Result | None = None
    """What the safety questions came to."""
    client: bytes | None = None
    """Keyed hash of the address that it came from."""

    @property
    def known_by(self) -> Person:
        """The patient with a contact to be recognised by: their own, else that of whoever books."""
        if self.patient.email or self.patient.phone or self.booked_by is None:
            return self.patient
        return replace(self.patient, email=self.booked_by.email, phone=self.booked_by.phone)

    @property
    def booker(self) -> Contact:
        """Whoever fills in the form, and whose word the consents are."""
        return self.booked_by or self.patient


def under_guardian(request: BookingRequest, day: date) -> BookingRequest:
    """The request, with all messages about a minor going to whoever booked, whatever they chose."""
    booker = request.booked_by
    if booker is None:
        return request
    told = receives(request.patient.birth_date, day, booker)
    return replace(request, booked_by=replace(booker, receives=told))


def search_for(
    clinic: Clinic, request: BookingRequest, now: datetime, held_at: datetime | None = None
) -> Search:
    """The search whose answer must hold the requested start.

    Where the time was held, notice and horizon are those of the instant at which it was.

    Raises Emergency and TriageRequired, Invalid with all faults of the fields that the clinic file decides,
    NotLicensed, GuardianRequired, ConsentRequired.
    """
    day = local_date(request.start, zone_of(clinic, request.wish))
    found = search(clinic, request.wish, day, day, held_at or now)
    found = set_aside(found, request.override, held_at or now)
    check_triage(clinic, found.visit_type, found.mode, request.triage, request.override, now)
    if faults := list(_mismatches(clinic, found, request, now)):
        raise Invalid(faults)
    check_place(clinic, request.wish, request.start)
    today = local_date(now, clinic.timezone)
    check_guardian(request.patient.birth_date, max(day, today), request.booked_by)
    decisions_at_booking(clinic, request.wish.mode, request.consents)
    return found


def _mismatches(clinic: Clinic, found: Search, request: BookingRequest, now: datetime) -> Iterator[Fault]:
    expected = {NewPatients.YES: True, NewPatients.NO: False}.get(found.visit_type.new_patients)
    if expected is not None and request.new_patient is not None and request.new_patient != expected:
        yield Fault("/new_patient", "mismatch")
    if request.patient.language not in clinic.languages:
        yield Fault("/patient/language", "not-offered")
    if request.booked_by and request.booked_by.language not in clinic.languages:
        yield Fault("/booked_by/language", "not-offered")
    if request.patient.birth_date > local_date(now, clinic.timezone):
        yield Fault("/patient/birth_date", "in-future")
