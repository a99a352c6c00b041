"""Which rooms there should be, found from the visits themselves: booking and moving know nothing of rooms."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from scheduler.db.models import Errand, Task, VideoRoom, Visit
from scheduler.domain.actors import SYSTEM
from scheduler.domain.clinic import Mode
from scheduler.domain.tasks import TaskKind
from scheduler.domain.video import AHEAD, CLOSES_AFTER, LATE, LIVE, OPEN, TAKES_PLACE, TO_DO, RoomState
from scheduler.services.ground.desk import Desk
from scheduler.services.tasks.opening import open_task

KEEP_ROOM = "keep-video-room"
"""The errand to the vendor."""
LONGEST_VISIT = timedelta(days=1)
LATEST_NEWS = timedelta(hours=1)
"""For so long after the start of a visit without a room it is worth telling."""

_BY_VIDEO = and_(Visit.mode == Mode.TELEMEDICINE, Visit.status.in_(TAKES_PLACE))


def look_after_rooms(desk: Desk, now: datetime) -> int:
    """Note which rooms are missing or unwanted, plan the errands to the vendor, and tell staff of late ones.

    Of how many staff hear. Asks nobody outside. Safe to call at any time, by several at once.
    """
    with desk.db.transaction() as session:
        if desk.video:
            reconcile(session, desk.video.name, now)
        return tell_of_late(session, now)


def reconcile(session: Session, vendor: str, now: datetime) -> None:
    """Give up rooms that no visit wants as they are, and note which ones are missing."""
    _give_up(session, vendor, now)
    _note_other_times(session)
    _note_missing(session, vendor, now)
    _plan_errands(session, vendor, now)


def is_of(visit: type[Visit]) -> ColumnElement[bool]:
    """Whether a room is the one of a visit as the visit is now."""
    return and_(
        VideoRoom.visit_id == visit.id,
        VideoRoom.starts_at == visit.starts_at,
        VideoRoom.practitioner == visit.practitioner,
    )


def _give_up(session: Session, vendor: str, now: datetime) -> None:
    """A visit that was moved, converted or cancelled, or is over. Of a vendor that we left nobody can ask."""
    wanted = exists().where(is_of(Visit), _BY_VIDEO, Visit.ends_at > now - CLOSES_AFTER)
    left = VideoRoom.vendor != vendor
    nothing_to_ask = or_(VideoRoom.room.is_(None), left)
    session.execute(
        update(VideoRoom)
        .where(VideoRoom.state.in_(LIVE), or_(~wanted, left))
        .values(
            state=case((nothing_to_ask, RoomState.GONE), else_=RoomState.UNWANTED),
            room=case((nothing_to_ask, None), else_=VideoRoom.room),
            attempts=0,
        )
    )


def _note_other_times(session: Session) -> None:
    """A visit that only became longer or shorter keeps its room."""
    session.execute(
        update(VideoRoom)
        .where(is_of(Visit), VideoRoom.state.in_(OPEN), VideoRoom.ends_at != Visit.ends_at)
        .values(state=RoomState.CHANGING, ends_at=Visit.ends_at, attempts=0)
    )


def _note_missing(session: Session, vendor: str, now: datetime) -> None:
    """Of two sweepers at once the unique index lets one in."""
    has_one = exists().where(VideoRoom.visit_id == Visit.id, VideoRoom.state.in_(LIVE))
    new = {
        "id": func.gen_random_uuid(),
        "visit_id": Visit.id,
        "practitioner": Visit.practitioner,
        "starts_at": Visit.starts_at,
        "ends_at": Visit.ends_at,
        "vendor": literal(vendor),
        "state": literal(str(RoomState.WANTED)),
        "attempts": literal(0),
        "created_at": literal(now),
    }
    missing = select(*new.values()).where(
        _BY_VIDEO, ~has_one, Visit.ends_at > now - CLOSES_AFTER, *_near(now)
    )
    session.execute(upsert(VideoRoom.table()).from_select(list(new), missing).on_conflict_do_nothing())


def _near(now: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The same again for the index, which is on starts."""
    return Visit.starts_at > now - CLOSES_AFTER - LONGEST_VISIT, Visit.starts_at <= now + AHEAD


def _plan_errands(session: Session, vendor: str, now: datetime) -> None:
    """An errand that is planned or under way goes on by itself."""
    to_do = select(literal(KEEP_ROOM), cast(VideoRoom.id, Text), literal(now))
    to_do = to_do.where(VideoRoom.state.in_(TO_DO), VideoRoom.vendor == vendor)
    planned = upsert(Errand.table()).from_select(["work", "row", "next_at"], to_do)
    session.execute(planned.on_conflict_do_nothing())


def tell_of_late(session: Session, now: datetime) -> int:
    """Staff hear of visits that begin soon and have no room, until they have one; of how many."""
    lacking = _lacking(now)
    found = session.execute(lacking.where(Visit.starts_at > now - LATEST_NEWS)).all()
    for visit, start in found:
        open_task(session, TaskKind.NO_ROOM, visit, start.isoformat(), start, now)
    session.execute(
        update(Task)
        .where(Task.kind == TaskKind.NO_ROOM, Task.done_at.is_(None))
        .where(Task.visit_id.not_in(lacking.with_only_columns(Visit.id)))
        .values(done_at=now, done_by=str(SYSTEM))
    )
    return len(found)


def _lacking(now: datetime) -> Select[UUID, datetime]:
    has_one = exists().where(is_of(Visit), VideoRoom.state.in_(OPEN))
    begins_soon = Visit.starts_at <= now + LATE, Visit.starts_at > now - LONGEST_VISIT
    return select(Visit.id, Visit.starts_at).where(_BY_VIDEO, ~has_one, *begins_soon)
