"""Claims: the rows by which the database refuses that somebody is in two places."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from scheduler.db.models import Claim, Resource, ResourceKind, Visit
from scheduler.domain.clinic import VisitType


@dataclass(frozen=True, slots=True)
class Occupation:
    """What a visit or a hold takes: ids of resources, from when, how long (minutes)."""

    practitioner: int
    room: int | None
    patient: int | None
    start: datetime
    minutes: int
    before: int
    after: int
    visit_type: str
    on_date: date

    @property
    def of_patient(self) -> Range[datetime]:
        """The visit itself: what it takes of the patient's time."""
        return Range(self.start, self.start + timedelta(minutes=self.minutes))

    @property
    def with_buffers(self) -> Range[datetime]:
        """What it takes of a practitioner's and a room's time."""
        end = self.start + timedelta(minutes=self.minutes + self.after)
        return Range(self.start - timedelta(minutes=self.before), end)

    def rows(self) -> Iterator[tuple[ResourceKind, dict[str, Any]]]:
        wanted = (
            (ResourceKind.PRACTITIONER, self.practitioner, self.with_buffers),
            (ResourceKind.ROOM, self.room, self.with_buffers),
            (ResourceKind.PATIENT, self.patient, self.of_patient),
        )
        for kind, resource, during in wanted:
            if resource is not None:
                common = {"visit_type": self.visit_type, "on_date": self.on_date}
                yield kind, {"resource_id": resource, "during": during, **common}


def occupation(
    kind: VisitType, start: datetime, on_date: date, practitioner: int, room: int | None, patient: int | None
) -> Occupation:
    """What a visit of today's clinic file takes."""
    return Occupation(
        practitioner=practitioner,
        room=room,
        patient=patient,
        start=start,
        minutes=kind.minutes,
        before=kind.buffer_before,
        after=kind.buffer_after,
        visit_type=kind.code,
        on_date=on_date,
    )


def occupation_of(visit: Visit, patient: int) -> Occupation:
    """What a visit takes as it was booked."""
    return Occupation(
        practitioner=visit.practitioner_id,
        room=visit.room_id,
        patient=patient,
        start=visit.starts_at,
        minutes=visit.minutes,
        before=visit.buffer_before,
        after=visit.buffer_after,
        visit_type=visit.visit_type,
        on_date=visit.start_wall.date(),
    )


def claim_for_visit(session: Session, visit: UUID, taken: Occupation) -> None:
    session.execute(insert(Claim.table()), claims_of(visit, taken))


def claims_of(visit: UUID, taken: Occupation) -> list[dict[str, Any]]:
    return [{"visit_id": visit, **row} for _, row in taken.rows()]


def claim_for_hold(session: Session, hold: UUID, taken: Occupation) -> None:
    session.execute(insert(Claim.table()), [{"hold_id": hold, **row} for _, row in taken.rows()])


def move_claims(session: Session, visit: UUID, taken: Occupation) -> None:
    """Give a visit's claims another time."""
    _rewrite(session, Claim.visit_id == visit, visit, taken)


def turn_claims_over(session: Session, hold: UUID, visit: UUID, taken: Occupation) -> None:
    """A hold's claims become a visit's, and never let go of the time on the way."""
    _rewrite(session, Claim.hold_id == hold, visit, taken)


def _rewrite(session: Session, present_ones: ColumnElement[bool], visit: UUID, taken: Occupation) -> None:
    """Update in place: an insert before the delete would collide with the claims' own time."""
    present = dict(
        session.execute(
            select(Resource.kind, Claim.id).join(Claim, Claim.resource_id == Resource.id).where(present_ones)
        ).all()
    )
    for kind, row in taken.rows():
        if kind in present:
            mine = update(Claim).where(Claim.id == present.pop(kind))
            session.execute(mine.values(visit_id=visit, hold_id=None, **row))
        else:
            session.execute(insert(Claim.table()).values(visit_id=visit, **row))
    if present:
        session.execute(delete(Claim).where(Claim.id.in_(present.values())))
