"""What a feed shows at this moment, and whether that is what its reader has already."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from scheduler.calendars.feed import FORM, feed
from scheduler.db.models import CalendarFeed, Visit
from scheduler.db.secrets import token_hash
from scheduler.domain.errors import NotFound
from scheduler.domain.feeds import Detail
from scheduler.domain.visits import VisitStatus
from scheduler.services.clinic.current import Moment
from scheduler.services.feeds.writing import write
from scheduler.services.feeds.written import Key, Written
from scheduler.services.ground.desk import Desk

KEPT = timedelta(days=30)
"""For so long a feed shows what is past, and that something is cancelled."""
GONE = (VisitStatus.CANCELLED, VisitStatus.ENTERED_IN_ERROR)


class Style(NamedTuple):
    """How a feed's visits are written."""

    detail: Detail
    named: bool
    """Whether events say who the practitioner is."""
    clinic: int
    """The clinic's version: it names people and places."""


def open_feed(session: Session, token: str) -> CalendarFeed:
    """Raises NotFound, for a token that was revoked as for one that never was.

    Call it first: what is then read of the feed is all of one instant, so that a tag fits its bytes.
    """
    session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    entry = session.scalars(select(CalendarFeed).where(CalendarFeed.hash == token_hash(token))).one_or_none()
    if entry is None or entry.revoked_at is not None:
        raise NotFound
    return entry


def tag_of(session: Session, entry: CalendarFeed, moment: Moment) -> str:
    """Of exactly these bytes: all that they are made of, without making them."""
    rows = func.sum(func.uuid_hash_extended(Visit.id, Visit.version))
    shown = session.execute(select(func.count(), rows).where(*_shown(entry, moment))).one()
    parts = (FORM, entry.id, entry.label, *_style(entry, moment), *shown)
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:32]


def content_of(session: Session, desk: Desk, written: Written, entry: CalendarFeed, moment: Moment) -> bytes:
    style = _style(entry, moment)
    rows = select(Visit.id, Visit.version).where(*_shown(entry, moment)).order_by(Visit.starts_at, Visit.id)
    keys = [Key(id, version, style) for id, version in session.execute(rows)]
    return feed(entry.label, written.events(keys, partial(_write, session, desk, moment, style)))


def _style(entry: CalendarFeed, moment: Moment) -> Style:
    return Style(Detail(entry.detail), entry.practitioner is None, moment.in_force.version)


def _shown(entry: CalendarFeed, moment: Moment) -> list[ColumnElement[bool]]:
    since = _since(moment.now)
    shown = [Visit.starts_at >= since, or_(Visit.status.not_in(GONE), Visit.changed_at >= since)]
    if entry.practitioner is not None:
        shown.append(Visit.practitioner_id == moment.in_force.resources.get(entry.practitioner))
    if entry.location is not None:
        shown.append(Visit.location == entry.location)
    return shown


def _since(now: datetime) -> datetime:
    """Moves once a day, so that a feed of which nothing changed does not either."""
    return (now - KEPT).replace(hour=0, minute=0, second=0, microsecond=0)


def _write(
    session: Session, desk: Desk, moment: Moment, style: Style, keys: Sequence[Key]
) -> Mapping[Key, bytes]:
    visits = session.scalars(select(Visit).where(Visit.id.in_([key.visit for key in keys])))
    return {
        Key(visit.id, visit.version, style): write(desk, moment.clinic, style.detail, style.named, visit)
        for visit in visits
    }
