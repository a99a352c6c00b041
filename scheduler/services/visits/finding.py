"""Staff find visits: by day, by what a caller says of themselves. Each look is an entry of the audit.

The audit says who looked, and at which visits; never by which words.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select, tuple_
from sqlalchemy.orm import Session

from scheduler.db.models import Patient, Recipient, Visit, VisitEvent
from scheduler.domain.actors import Actor
from scheduler.domain.errors import NotFound
from scheduler.domain.people import fold, fold_email, fold_reference, surname
from scheduler.domain.times import DAY
from scheduler.domain.visits import VisitStatus
from scheduler.services.audit.writing import note
from scheduler.services.ground.desk import Desk
from scheduler.services.ground.pages import Page, cut
from scheduler.services.visits.for_staff import StaffVisit, patient_name, staff_visits

ZONES_APART = timedelta(hours=14)
"""No place is further from UTC."""

Place = tuple[datetime, UUID]


@dataclass(frozen=True, slots=True)
class Days:
    """Visits of some local dates, both included, each by the date where it takes place."""

    first: date
    last: date
    practitioner: str | None = None
    location: str | None = None
    status: VisitStatus | None = None


@dataclass(frozen=True, slots=True)
class Sought:
    """What somebody says of a visit or of its patient; all that is said must fit."""

    reference: str | None = None
    email: str | None = None
    phone: str | None = None
    birth_date: date | None = None
    name: str | None = None

    @property
    def by(self) -> list[str]:
        return [each.name for each in fields(self) if getattr(self, each.name) is not None]


def read_visit(session: Session, desk: Desk, id: UUID, actor: Actor, now: datetime) -> StaffVisit:
    """Raises NotFound."""
    visit = session.get(Visit, id)
    if visit is None:
        raise NotFound
    note(session, actor, "read", "visit", str(id), now)
    return staff_visits(session, desk, [visit])[0]


def visits_of(
    session: Session, desk: Desk, ids: Collection[UUID], actor: Actor, now: datetime
) -> dict[UUID, StaffVisit]:
    """Visits that something else speaks of, by id."""
    found = session.scalars(select(Visit).where(Visit.id.in_(ids))).all()
    if found:
        shown = {"ids": [str(visit.id) for visit in found], "count": len(found)}
        note(session, actor, "list", "visit", None, now, shown)
    return {visit.id: visit for visit in staff_visits(session, desk, found)}


def list_visits(
    session: Session, desk: Desk, days: Days, after: Place | None, limit: int, actor: Actor, now: datetime
) -> Page[StaffVisit, UUID]:
    """Visits of some days, the earliest first."""
    query = select(Visit).where(*_on(days)).order_by(Visit.starts_at, Visit.id).limit(limit + 1)
    if after:
        query = query.where(tuple_(Visit.starts_at, Visit.id) > after)
    return _shown(session, desk, query, limit, actor, now, "list", {})


def search_visits(
    session: Session,
    desk: Desk,
    sought: Sought,
    before: Place | None,
    limit: int,
    actor: Actor,
    now: datetime,
) -> Page[StaffVisit, UUID]:
    """Visits that fit, the latest first."""
    query = (
        select(Visit)
        .join(Patient, Patient.id == Visit.patient_id)
        .where(*_fitting(session, desk, sought))
        .order_by(Visit.starts_at.desc(), Visit.id.desc())
        .limit(limit + 1)
    )
    if before:
        query = query.where(tuple_(Visit.starts_at, Visit.id) < before)
    return _shown(session, desk, query, limit, actor, now, "search", {"by": sought.by})


def read_history(session: Session, id: UUID, actor: Actor, now: datetime) -> Sequence[VisitEvent]:
    """What was done to a visit, the first act first. Raises NotFound."""
    events = session.scalars(select(VisitEvent).where(VisitEvent.visit_id == id).order_by(VisitEvent.id))
    found = events.all()
    if not found:
        raise NotFound
    note(session, actor, "read-history", "visit", str(id), now)
    return found


def _shown(
    session: Session,
    desk: Desk,
    query: Select[Visit],
    limit: int,
    actor: Actor,
    now: datetime,
    act: str,
    detail: dict[str, object],
) -> Page[StaffVisit, UUID]:
    page = cut(session.scalars(query).all(), limit, lambda visit: (visit.starts_at, visit.id))
    shown = {"ids": [str(visit.id) for visit in page.items], "count": len(page.items)}
    note(session, actor, act, "visit", None, now, {**detail, **shown})
    return Page(staff_visits(session, desk, page.items), page.next)


def _on(days: Days) -> Iterator[ColumnElement[bool]]:
    begins, ends = (datetime.combine(day, time.min) for day in (days.first, days.last + DAY))
    yield Visit.start_wall >= begins
    yield Visit.start_wall < ends
    # The same once more, roughly: the index is on instants.
    yield Visit.starts_at >= begins.replace(tzinfo=UTC) - ZONES_APART
    yield Visit.starts_at < ends.replace(tzinfo=UTC) + ZONES_APART
    if days.practitioner is not None:
        yield Visit.practitioner == days.practitioner
    if days.location is not None:
        yield Visit.location == days.location
    if days.status is not None:
        yield Visit.status == days.status


def _fitting(session: Session, desk: Desk, sought: Sought) -> Iterator[ColumnElement[bool]]:
    lookup = desk.secrets.lookup
    if sought.reference is not None:
        yield Visit.reference_hash == lookup.hash("reference", fold_reference(sought.reference))
    if sought.email is not None:
        yield _told(Recipient.email_hash == lookup.hash("email", fold_email(sought.email)))
    if sought.phone is not None:
        yield _told(Recipient.phone_hash == lookup.hash("phone", sought.phone))
    if sought.birth_date is not None:
        yield Patient.birth_date_hash == lookup.hash("birth_date", sought.birth_date.isoformat())
    if sought.name is not None:
        yield Patient.id.in_(_called(session, desk, sought.name))


def _told(contact: ColumnElement[bool]) -> ColumnElement[bool]:
    """Any of those who hear of a visit has that contact, the patient or not."""
    return Visit.id.in_(select(Recipient.visit_id).where(contact))


def _called(session: Session, desk: Desk, name: str) -> list[UUID]:
    """Patients of that surname whose name holds every word that was said: "Lopez", "Zoe Lopez"."""
    words = set(fold(name).split())
    alike = select(Patient).where(Patient.surname_hash == desk.secrets.lookup.hash("surname", surname(name)))
    vault = desk.secrets.vault
    return [
        patient.id
        for patient in session.scalars(alike)
        if words <= set(fold(patient_name(vault, patient)).split())
    ]
