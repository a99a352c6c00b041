"""Shifting the claims of many visits at once, and finding out which of them can no longer stand together."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import chain
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from scheduler.db.models import Claim, Hold, Resource, Visit

SHIFT = text(
    """
    UPDATE claims SET during = tstzrange(lower(during) + d.delta, upper(during) + d.delta)
    FROM unnest(CAST(:visits AS uuid[]), CAST(:deltas AS interval[])) AS d (visit_id, delta)
    WHERE claims.visit_id = d.visit_id
    """
)

# Built around single ids, so that the exclusion constraint's own index answers.
COLLISIONS = text(
    """
    SELECT a.id, a.visit_id, b.id, b.visit_id
    FROM claims a JOIN claims b
    ON int8range(b.resource_id, b.resource_id, '[]') && int8range(a.resource_id, a.resource_id, '[]')
    AND b.during && a.during AND b.id <> a.id
    WHERE a.visit_id = ANY(CAST(:visits AS uuid[]))
    ORDER BY a.id, b.id
    """
)


class Collision(NamedTuple):
    """A claim of a shifted visit, and one that wants the same time; of a hold where there is no `visit`."""

    claim: int
    other: int
    other_visit: UUID | None


def shift_claims(session: Session, deltas: Mapping[UUID, timedelta], now: datetime) -> set[UUID]:
    """Shift what visits take, all together; those that collide with others afterwards.

    A visit that collides loses the claim that collides and keeps the rest, so that nobody else is booked over
    it. Who was not shifted stays, of two who were the one who booked first; a hold gives way to a visit.
    """
    if not deltas:
        return set()
    _lock_resources(session, deltas, now)
    session.execute(text("SET CONSTRAINTS claims_no_overlap DEFERRED"))
    session.execute(SHIFT, {"visits": list(deltas), "deltas": list(deltas.values())})
    losers = dict(_losers(session, deltas))
    session.execute(delete(Claim).where(Claim.id.in_(losers)))
    session.execute(text("SET CONSTRAINTS claims_no_overlap IMMEDIATE"))
    return {visit for visit in losers.values() if visit}


def _lock_resources(session: Session, deltas: Mapping[UUID, timedelta], now: datetime) -> None:
    """Everybody whose time it is, in the one order of locks; their ended holds go, as at a booking."""
    theirs = select(Claim.resource_id).where(Claim.visit_id.in_(deltas))
    wanted = select(Resource.id).where(Resource.id.in_(theirs)).order_by(Resource.kind, Resource.id)
    locked = session.scalars(wanted.with_for_update(key_share=True)).all()
    ended = select(Hold.id).where(Hold.expires_at <= now)
    session.execute(delete(Claim).where(Claim.resource_id.in_(locked), Claim.hold_id.in_(ended)))


def _losers(session: Session, deltas: Mapping[UUID, timedelta]) -> Iterator[tuple[int, UUID | None]]:
    """Claims that have to go, each with its visit; without one it is a hold's."""
    found: defaultdict[UUID, list[Collision]] = defaultdict(list)
    for claim, visit, other, other_visit in session.execute(COLLISIONS, {"visits": list(deltas)}):
        found[visit].append(Collision(claim, other, other_visit))
    standing, gone = set[UUID](), set[int]()
    for visit in _by_age(session, found):
        for claim, other, other_visit in found[visit]:
            stays = other_visit and (other_visit not in deltas or other_visit in standing)
            if stays and other not in gone and claim not in gone:
                gone.add(claim)
                yield claim, visit
        standing.add(visit)
    for claim, other, other_visit in chain(*found.values()):
        if other_visit is None and claim not in gone:
            yield other, None


def _by_age(session: Session, visits: Mapping[UUID, object]) -> list[UUID]:
    first_come = select(Visit.id).where(Visit.id.in_(visits)).order_by(Visit.created_at, Visit.id)
    return list(session.scalars(first_come))
