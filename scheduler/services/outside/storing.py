"""What a calendar said becomes busy time, at once and all of it, under the lock that bookings take."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, func, select, text
from sqlalchemy.dialects.postgresql import TSTZMULTIRANGE, Range
from sqlalchemy.dialects.postgresql.ranges import MultiRange
from sqlalchemy.orm import Session

from scheduler.db.models import BusyTime, OutsideCalendar, Visit
from scheduler.domain.busy import Stretch
from scheduler.domain.feeds import feed_uid
from scheduler.domain.tasks import TaskKind
from scheduler.services.hours.hit import EXPECTED
from scheduler.services.slots.taking import lock
from scheduler.services.tasks.opening import open_task

WANTED = bindparam("wanted", type_=TSTZMULTIRANGE())

# PostgreSQL joins what overlaps or touches: a multirange has no seams.
REPLACE = text(
    """
    WITH gone AS (DELETE FROM busy_times WHERE calendar_id = :calendar)
    INSERT INTO busy_times (calendar_id, resource_id, during)
    SELECT :calendar, :resource, during FROM unnest(:wanted) AS w (during)
    """
).bindparams(WANTED)
MET = text(
    """
    SELECT id FROM visits WHERE practitioner_id = :resource AND status = ANY(:expected) AND ends_at > :now
    AND tstzrange(starts_at, ends_at) && (CAST(:wanted AS tstzmultirange) - CAST(:before AS tstzmultirange))
    ORDER BY starts_at, id
    """
).bindparams(WANTED, bindparam("before", type_=TSTZMULTIRANGE()))


@dataclass(frozen=True, slots=True)
class Fetched:
    """What there is to keep of a calendar that was read."""

    stretches: Sequence[Stretch]
    complete: bool
    etag: str | None
    last_modified: str | None


def store(session: Session, calendar: UUID, resource: int, fetched: Fetched, now: datetime) -> bool:
    """Replace a calendar's busy time; False where the calendar was taken away meanwhile.

    A visit that lies in time which was free until now stays, and somebody looks at it: a task for each.
    """
    lock(session, resource)
    entry = session.get(OutsideCalendar, calendar, with_for_update={"key_share": True})
    if entry is None:
        return False
    wanted = _without_our_own(session, fetched.stretches)
    before = session.execute(
        select(func.range_agg(BusyTime.during, type_=TSTZMULTIRANGE())).where(
            BusyTime.calendar_id == calendar
        )
    ).scalar_one() or MultiRange([])
    ours = {"calendar": calendar, "resource": resource, "wanted": wanted}
    session.execute(REPLACE, ours)
    met = session.scalars(MET, {**ours, "before": before, "now": now, "expected": list(EXPECTED)})
    for visit in met.all():
        open_task(session, TaskKind.BUSY_OVER_VISIT, visit, f"outside-calendar:{calendar}", now, now)
    entry.expanded_at = now
    entry.complete = fetched.complete
    entry.etag, entry.last_modified = fetched.etag, fetched.last_modified
    return True


def _without_our_own(session: Session, stretches: Sequence[Stretch]) -> MultiRange[datetime]:
    """Their calendar may hold our own visits, from an invite or a feed: they are in nobody's way twice."""
    ours = _visits_among({each.uid for each in stretches}, session)
    return MultiRange([Range(each.start, each.end) for each in stretches if each.uid not in ours])


def _visits_among(uids: set[str], session: Session) -> set[str]:
    named = {uid: {id, feed_uid(id)} for uid in uids if (id := _uuid(uid))}
    if not named:
        return set()
    known = set(session.scalars(select(Visit.uid).where(Visit.uid.in_(set().union(*named.values())))))
    return {uid for uid, ids in named.items() if ids & known}


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
