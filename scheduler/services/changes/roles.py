"""Of whom an act speaks: staff name anybody, others only themselves."""

from scheduler.db.models import Recipient
from scheduler.domain.actors import ActorKind
from scheduler.domain.errors import Fault, Forbidden, Invalid
from scheduler.services.changes.scene import Scene
from scheduler.services.people.recipients import BOOKED_BY, PATIENT, involved


def whose(scene: Scene, role: str | None) -> str:
    """The role that is meant; None is the patient for staff, oneself for everybody else. Raises Forbidden."""
    actor = scene.order.actor
    if actor.is_staff:
        return role or PATIENT
    own = PATIENT if actor.kind is ActorKind.PATIENT else BOOKED_BY
    if role not in (None, own):
        raise Forbidden
    return own


def find_recipient(scene: Scene, role: str) -> Recipient:
    """Raises Invalid where nobody has this role."""
    found = scene.session.scalars(involved(scene.visit.id).where(Recipient.role == role)).one_or_none()
    if found is None:
        raise Invalid([Fault("/recipient", "not-a-choice")])
    return found
