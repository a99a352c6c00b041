"""Asking for a practitioner's other calendar: an errand that is due again and again."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import update
from sqlalchemy.orm import Session

from scheduler.db.models import OutsideCalendar
from scheduler.domain.busy import Span
from scheduler.domain.clinic import Clinic
from scheduler.outgoing.errand import Unreachable
from scheduler.outgoing.http import Answer, Bounds
from scheduler.services.ground.desk import Desk
from scheduler.services.outside.expanding import NoCalendar, expand
from scheduler.services.outside.keeping import address_of
from scheduler.services.outside.storing import Fetched, store

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=15)
SLOWEST = timedelta(hours=1)
"""Between two tries of a source that fails and fails."""
BOUNDS = Bounds(seconds=10, size=5_000_000)
"""With the 25 s of reading it is less than the 45 s that an errand has."""
MARGIN = timedelta(days=30)
"""Beyond the horizon: so long the last good copy covers what can be booked when the source is gone."""
ANEW = timedelta(days=1)
"""After so long a calendar that has not changed is asked for in full: the horizon has moved on."""
LONGEST_VALIDATOR = 500
"""Characters of an ETag that is kept."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A calendar whose turn it is."""

    id: UUID
    resource: int
    address: str
    span: Span
    conditions: dict[str, str]


def poll(desk: Desk, row: str) -> timedelta | None:
    """Ask for one calendar; after how long again. None where it was taken away."""
    with desk.db.transaction() as session:
        turn = _turn(session, desk, UUID(row))
    if turn is None:
        return None
    try:
        fetched = _fetch(desk, turn)
    except (Unreachable, NoCalendar) as error:
        # Nothing of what went wrong is said but a code: the words of others may hold the address.
        log.warning("an outside calendar gives nothing", extra={"code": error.code})
        return desk.db.attempt(partial(_note_failure, desk, turn, error.code))
    return desk.db.attempt(partial(_note_success, desk, turn, fetched))


def _turn(session: Session, desk: Desk, id: UUID) -> Turn | None:
    moment = desk.clinics.moment(session)
    tried = update(OutsideCalendar).where(OutsideCalendar.id == id).values(tried_at=moment.now)
    entry = session.scalars(tried.returning(OutsideCalendar)).first()
    if entry is None:
        return None
    who = moment.clinic.practitioner(entry.practitioner)
    span = _span(moment.clinic, who.timezone if who else moment.clinic.timezone, moment.now)
    address = address_of(desk.secrets, entry)
    return Turn(entry.id, entry.resource_id, address, span, _conditions(entry, moment.now))


def _span(clinic: Clinic, zone: ZoneInfo, now: datetime) -> Span:
    horizon = max((each.horizon_days for each in clinic.visit_types), default=0)
    return Span(now - timedelta(days=1), now + timedelta(days=horizon) + MARGIN, zone)


def _conditions(entry: OutsideCalendar, now: datetime) -> dict[str, str]:
    """What asks for a calendar only where it has changed since."""
    if entry.expanded_at is None or now - entry.expanded_at > ANEW:
        return {}
    known = {"If-None-Match": entry.etag, "If-Modified-Since": entry.last_modified}
    return {name: value for name, value in known.items() if value}


def _fetch(desk: Desk, turn: Turn) -> Fetched | None:
    """None where nothing has changed. Raises Unreachable, NoCalendar."""
    headers = {"Accept": "text/calendar, */*;q=0.1", **turn.conditions}
    answer = desk.outside.call("GET", turn.address, headers, BOUNDS)
    if answer.status == 304 and turn.conditions:
        return None
    if answer.status != 200:
        raise NoCalendar(f"http-{answer.status}")
    stretches, complete = expand(answer.body, turn.span)
    return Fetched(stretches, complete, _validator(answer, "ETag"), _validator(answer, "Last-Modified"))


def _validator(answer: Answer, name: str) -> str | None:
    value = answer.headers.get(name, "")
    return value if 0 < len(value) <= LONGEST_VALIDATOR and value.isascii() and value.isprintable() else None


def _note_success(desk: Desk, turn: Turn, fetched: Fetched | None, session: Session) -> timedelta | None:
    now = desk.db.now(session)
    if fetched and not store(session, turn.id, turn.resource, fetched, now):
        return None
    mine = update(OutsideCalendar).where(OutsideCalendar.id == turn.id)
    session.execute(mine.values(fetched_at=now, failures=0, last_error=None))
    return EVERY


def _note_failure(desk: Desk, turn: Turn, code: str, session: Session) -> timedelta | None:
    """The last good copy stays; a source that fails again and again is asked less often."""
    mine = update(OutsideCalendar).where(OutsideCalendar.id == turn.id)
    counted = mine.values(failures=OutsideCalendar.failures + 1, last_error=code)
    failures = session.execute(counted.returning(OutsideCalendar.failures)).scalar_one_or_none()
    return None if failures is None else min(EVERY * failures, SLOWEST)
