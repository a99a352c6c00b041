"""Visits to which nobody came: marked a while after their end, and open to staff's correction for a day."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import case, exists, literal, or_, select

from scheduler.db.models import Visit, VisitEvent
from scheduler.domain.clinic import Mode
from scheduler.domain.video import CLOSES_AFTER
from scheduler.domain.visits import Act, VisitStatus
from scheduler.services.changes.scene import Scene
from scheduler.services.ground.desk import Desk
from scheduler.services.rounds.unasked import do_unasked
from scheduler.services.visits.attending import host_came, patient_tried

LATEST = timedelta(days=2)
"""What began longer ago is left to staff: after an upgrade, or days without a worker, nobody guesses."""
BATCH = 100


def mark_absent(desk: Desk, now: datetime) -> int:
    """Mark those who did not come, each in a transaction of its own; how many."""
    return sum(_mark(desk, visit, version) for visit, version in _ended(desk, now))


def _ended(desk: Desk, now: datetime) -> Sequence[tuple[UUID, int]]:
    """Over for long enough, and nobody has said what became of them. Whom staff brought back stays."""
    said, entered = (
        exists().where(VisitEvent.visit_id == Visit.id, VisitEvent.act == act)
        for act in (Act.NO_SHOW, Act.JOIN)
    )
    with desk.db.transaction() as session:
        grace = timedelta(minutes=desk.clinics.moment(session).clinic.no_show_after)
        by_video = literal(max(grace, CLOSES_AFTER))  # until then the gate lets them in
        grace_of = case((Visit.mode == Mode.TELEMEDICINE, by_video), else_=literal(grace))
        over = (
            select(Visit.id, Visit.version)
            .where(Visit.starts_at > now - LATEST, Visit.starts_at < now)
            .where(Visit.status == VisitStatus.BOOKED, Visit.ends_at + grace_of <= now, ~said)
            .where(or_(Visit.mode != Mode.TELEMEDICINE, entered))
            .order_by(Visit.starts_at.desc())
            .limit(BATCH)
        )
        return [(id, version) for id, version in session.execute(over)]


def _mark(desk: Desk, visit: UUID, version: int) -> bool:
    done = do_unasked(desk, visit, version, Act.NO_SHOW, _unless_it_was_us)
    return done is not None and done.visit.status == VisitStatus.NOSHOW


def _unless_it_was_us(scene: Scene) -> None:
    """By video only those are absent for whom the practitioner was there, and who never tried the gate."""
    if scene.visit.mode == Mode.TELEMEDICINE:
        session, visit = scene.session, scene.visit
        scene.idle = patient_tried(session, visit) or not host_came(session, visit)
