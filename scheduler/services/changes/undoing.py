"""Taking one step back: staff tapped the wrong button."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.db.models import BusyTime, TimeOff, VisitEvent
from scheduler.domain.errors import IllegalTransition, SlotTaken
from scheduler.domain.messages import MessageKind
from scheduler.domain.undo import Step, may_be_undone
from scheduler.domain.visits import BY_STAFF, Act, VisitStatus, allowed
from scheduler.services.changes.scene import Scene
from scheduler.services.slots.claims import Occupation, claim_for_visit, occupation_of
from scheduler.services.slots.taking import drop_ended_holds, lock


def undo(scene: Scene) -> None:
    """Go back to the status before the last act, if that was a moment ago.

    A cancelled visit comes back if its time is still free: the database refuses it where it is not.
    """
    _check_last_step(scene)
    if scene.was is VisitStatus.CANCELLED:
        lock(scene.session, scene.visit.practitioner_id)
        taken = occupation_of(scene.visit, scene.patient_resource())
        if _is_away(scene, taken):
            raise SlotTaken
        for resource in filter(None, (taken.practitioner, taken.room)):
            drop_ended_holds(scene.session, resource, taken.with_buffers, scene.moment.now)
        claim_for_visit(scene.session, scene.visit.id, taken)
        scene.visit.cancel_reason = None
        scene.tell(MessageKind.CONFIRMED)


def _is_away(scene: Scene, taken: Occupation) -> bool:
    """Whether the practitioner took that time off meanwhile, or is busy by another calendar."""
    return any(
        scene.session.execute(
            select(table.id).where(
                table.resource_id == taken.practitioner, table.during.overlaps(taken.with_buffers)
            )
        ).first()
        for table in (TimeOff, BusyTime)
    )


def last_step(session: Session, visit: UUID) -> Step | None:
    """The last act that changed the status."""
    found = session.execute(
        select(VisitEvent.act, VisitEvent.from_status, VisitEvent.at)
        .where(VisitEvent.visit_id == visit, VisitEvent.from_status != VisitEvent.to_status)
        .order_by(VisitEvent.id.desc())
        .limit(1)
    ).first()
    return Step(*found) if found else None


def _check_last_step(scene: Scene) -> None:
    """Raises IllegalTransition where the last act was another one, or is too long ago."""
    last = last_step(scene.session, scene.visit.id)
    if not may_be_undone(scene.was, last, scene.visit.starts_at, scene.moment.now):
        raise IllegalTransition([act for act in allowed(scene.was, BY_STAFF) if act is not Act.UNDO])
