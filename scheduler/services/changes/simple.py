"""Acts that move nothing: approval, arrival, the end of a visit, and taking it back."""

from scheduler.domain.messages import MessageKind
from scheduler.domain.visits import Act
from scheduler.services.changes.scene import Scene

TOLD_BY = {
    Act.APPROVE: MessageKind.CONFIRMED,
    Act.DECLINE: MessageKind.DECLINED,
    Act.EXPIRE: MessageKind.EXPIRED,
    Act.CANCEL: MessageKind.CANCELLED,
}
"""Acts of which the patient hears, and how."""


def confirm(scene: Scene) -> None:
    """The patient says that they come."""
    scene.visit.confirmed_at = scene.moment.now


def advance(scene: Scene) -> None:
    """Go where the table of states leads, and tell it where the patient must know."""
    visit = scene.visit
    if scene.order.act in (Act.DECLINE, Act.EXPIRE, Act.CANCEL):
        visit.cancel_reason = scene.order.reason
    if scene.order.act is Act.APPROVE:
        visit.answer_by = None
    if kind := TOLD_BY.get(scene.order.act):
        scene.tell(kind)
