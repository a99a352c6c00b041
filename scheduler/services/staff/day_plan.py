"""A day of the clinic as the front desk sees it: who is there when, and whom they see."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from scheduler.db.models import ExtraHours, TimeOff
from scheduler.domain.actors import Actor
from scheduler.domain.clinic import Practitioner
from scheduler.domain.times import Stretch, day_span
from scheduler.services.clinic.current import Moment
from scheduler.services.ground.desk import Desk
from scheduler.services.hours.time_off import Entry
from scheduler.services.visits.finding import Days, list_visits
from scheduler.services.visits.for_staff import StaffVisit

MOST = 500
"""More visits than any clinic of this kind gives on a day, or in a week."""


@dataclass(frozen=True, slots=True)
class Column:
    """Somebody's day."""

    practitioner: Practitioner
    hours: Sequence[Stretch]
    away: Sequence[Stretch]
    visits: Sequence[StaffVisit]

    @property
    def is_empty(self) -> bool:
        return not (self.hours or self.visits)


@dataclass(frozen=True, slots=True)
class DayPlan:
    now: datetime
    day: date
    zone: ZoneInfo
    columns: Sequence[Column]
    visits: Sequence[StaffVisit]
    """All of them, by start; also of those whom the clinic file does not name any more."""
    is_cut: bool
    """There are more visits than can be shown."""


def plan_day(
    session: Session, desk: Desk, day: date, practitioner: str | None, location: str | None, actor: Actor
) -> DayPlan:
    """Everybody who works or sees somebody on that date, or one practitioner; at one location, or anywhere.

    Instants are shown in the location's zone, else in the clinic's.
    """
    moment = desk.clinics.moment(session)
    place = moment.clinic.location(location) if location else None
    zone = place.timezone if place else moment.clinic.timezone
    page = list_visits(session, desk, Days(day, day, practitioner, location), None, MOST, actor, moment.now)
    columns = [
        column
        for who in moment.clinic.practitioners
        if practitioner in (None, who.code)
        and not (column := _column(session, moment, who, day, zone, location, page.items)).is_empty
    ]
    return DayPlan(moment.now, day, zone, columns, page.items, page.next is not None)


def _column(
    session: Session,
    moment: Moment,
    who: Practitioner,
    day: date,
    zone: ZoneInfo,
    location: str | None,
    visits: Iterable[StaffVisit],
) -> Column:
    resource, span = moment.in_force.resources[who.code], day_span(day, day, zone)
    extra = [
        each for each in _entries(session, ExtraHours, resource, span) if location in (None, each.location)
    ]
    hours = moment.in_force.schedule.hours_on(who, day, zone, location)
    return Column(
        practitioner=who,
        hours=sorted([*hours, *_within(extra, span)]),
        away=list(_within(_entries(session, TimeOff, resource, span), span)),
        visits=[visit for visit in visits if visit.practitioner == who.code],
    )


def _entries(session: Session, table: type[Entry], resource: int, span: Stretch) -> Sequence[Entry]:
    found = select(table).where(table.resource_id == resource, table.during.overlaps(Range(*span)))
    return session.scalars(found.order_by(table.during)).all()


def _within(entries: Iterable[TimeOff | ExtraHours], span: Stretch) -> Iterable[Stretch]:
    for each in entries:
        assert each.during.lower and each.during.upper
        yield max(each.during.lower, span[0]), min(each.during.upper, span[1])
