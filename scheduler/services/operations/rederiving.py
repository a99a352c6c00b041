"""When the rules of a time zone change: what was promised stays, and the instants follow.

The promise to a patient is a wall clock in a zone. Under a new release of tzdata it can be another instant;
then the visit moves in UTC, its calendar entry is sent anew, and staff are told. All of it is one
transaction: a whole day of neighbours shifts together, and nobody is booked in between.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

import tzdata
from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.db.models import Visit
from scheduler.domain.actors import SYSTEM
from scheduler.domain.tasks import TaskKind
from scheduler.domain.times import instant
from scheduler.domain.visits import EXPECTED
from scheduler.services.audit.writing import note
from scheduler.services.changes.telling import tell_of_move
from scheduler.services.clinic.current import Moment
from scheduler.services.ground.desk import Desk
from scheduler.services.slots.shifting import shift_claims
from scheduler.services.tasks.opening import open_task


@dataclass(frozen=True, slots=True)
class Rules:
    """A release of tzdata: its version, such as `2026f`, and its zones."""

    version: str
    zone: Callable[[str], ZoneInfo] = ZoneInfo


RUNNING = Rules(tzdata.IANA_VERSION)


@dataclass(frozen=True, slots=True)
class Rederived:
    """How many visits were looked at, and a line for each that moved; it says so where one overlaps."""

    version: str
    visits: int
    moved: list[str]


@dataclass(frozen=True, slots=True)
class Shift:
    """A visit whose promised wall clock is another instant now."""

    visit: Visit
    start: datetime

    @property
    def delta(self) -> timedelta:
        return self.start - self.visit.starts_at

    def __str__(self) -> str:
        visit = self.visit
        promised = f"{visit.start_wall:%Y-%m-%d %H:%M} {visit.zone}"
        instants = f"{visit.starts_at:%Y-%m-%d %H:%M} -> {self.start:%Y-%m-%d %H:%M} UTC"
        return f"visit {visit.id}: {promised} with {visit.practitioner}: {instants}"


class _DryRun(Exception):
    """Rolls back what was only tried."""

    def __init__(self, report: Rederived) -> None:
        self.report = report


def rederive(desk: Desk, rules: Rules = RUNNING, *, dry_run: bool = False) -> Rederived:
    """Bring all future visits under these rules. Again, it changes nothing.

    Bookings with the same practitioners wait meanwhile: it takes some milliseconds for each visit that moves.
    """
    try:
        return desk.db.attempt(partial(_rederive, desk, rules, dry_run))
    except _DryRun as tried:
        return tried.report


def _rederive(desk: Desk, rules: Rules, dry_run: bool, session: Session) -> Rederived:
    moment = desk.clinics.moment(session)
    visits = _under_other_rules(session, rules, moment.now)
    moved = [shift for visit in visits if (shift := _derive(visit, rules)).delta]
    overlapping = shift_claims(session, {each.visit.id: each.delta for each in moved}, moment.now)
    report = Rederived(rules.version, len(visits), [_line(each, overlapping) for each in moved])
    for visit in visits:
        visit.tzdata = rules.version
    for each in moved:
        _move(desk, session, moment, each, rules)
        if each.visit.id in overlapping:
            open_task(
                session,
                TaskKind.TIME_OVERLAP,
                each.visit.id,
                f"tzdata {rules.version}",
                moment.now,
                moment.now,
            )
    if visits:
        counts = {"visits": len(visits), "moved": len(moved), "overlapping": len(overlapping)}
        note(session, SYSTEM, "rederive", "tzdata", rules.version, moment.now, counts)
    if dry_run:
        raise _DryRun(report)
    return report


def _under_other_rules(session: Session, rules: Rules, now: datetime) -> Sequence[Visit]:
    """Future visits that were derived otherwise, locked. One whose cancel is undone follows next time."""
    return session.scalars(
        select(Visit)
        .where(Visit.starts_at > now, Visit.tzdata != rules.version, Visit.status.in_(EXPECTED))
        .order_by(Visit.id)
        .with_for_update(key_share=True)
    ).all()


def _derive(visit: Visit, rules: Rules) -> Shift:
    return Shift(visit, instant(visit.start_wall.replace(fold=visit.fold), rules.zone(visit.zone)))


def _line(shift: Shift, overlapping: set[UUID]) -> str:
    return f"{shift}, OVERLAPS another one" if shift.visit.id in overlapping else str(shift)


def _move(desk: Desk, session: Session, moment: Moment, shift: Shift, rules: Rules) -> None:
    """The same wall clock at another instant, told like any move that the clinic makes."""
    visit = shift.visit
    visit.starts_at, visit.ends_at = shift.start, shift.start + timedelta(minutes=visit.minutes)
    tell_of_move(session, desk, moment, visit, f"tzdata-{rules.version}")
