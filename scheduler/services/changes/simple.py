"""Acts that move nothing: approval, arrival, the end of a visit."""

from datetime import timedelta

from scheduler.domain.clinic import Mode
from scheduler.domain.errors import NotLicensed, TooLate
from scheduler.domain.messages import MessageKind
from scheduler.domain.tasks import TaskKind
from scheduler.domain.visits import Act, CancelReason, VisitStatus
from scheduler.services.changes.scene import Scene
from scheduler.services.changes.whereabouts import may_be_seen
from scheduler.services.tasks.opening import close_tasks

TOLD_BY = {
    Act.APPROVE: MessageKind.CONFIRMED,
    Act.DECLINE: MessageKind.DECLINED,
    Act.EXPIRE: MessageKind.EXPIRED,
    Act.CANCEL: MessageKind.CANCELLED,
}
"""Acts of which the patient hears, and how."""

WHY = {Act.DECLINE: CancelReason.DECLINED, Act.EXPIRE: CancelReason.EXPIRED}


def confirm(scene: Scene) -> None:
    """The patient says that they come."""
    scene.visit.confirmed_at = scene.moment.now
    close_tasks(scene.session, TaskKind.CALL, scene.visit.id, scene.order.actor, scene.moment.now)


def check_in(scene: Scene) -> None:
    """Staff have verified who and where the patient is.

    Raises NotLicensed where the practitioner may not see them by video there: staff enter another place if
    the patient is elsewhere, else the visit goes to somebody else, to another mode or to the phone.
    """
    visit = scene.visit
    if visit.mode == Mode.TELEMEDICINE and not may_be_seen(scene.moment.clinic, visit, visit.state):
        raise NotLicensed
    advance(scene)


def advance(scene: Scene) -> None:
    """Go where the table of states leads, and tell it where the patient must know.

    Raises TooLate for a patient who cancels a visit that has begun.
    """
    act, visit = scene.order.act, scene.visit
    if act is Act.CANCEL and not scene.order.actor.is_staff and visit.starts_at <= scene.moment.now:
        raise TooLate
    if scene.status is VisitStatus.CANCELLED:
        visit.cancel_reason = WHY.get(act) or _reason(scene)
    if act is Act.APPROVE:
        visit.answer_by = None
    if act is Act.ENTERED_IN_ERROR and _expected(scene):
        scene.tell(MessageKind.CANCELLED)
    elif kind := TOLD_BY.get(act):
        scene.tell(kind)


def _reason(scene: Scene) -> str:
    """A patient's cancel is coded late after the cut-off; it is accepted all the same."""
    if scene.order.actor.is_staff:
        return scene.order.reason or CancelReason.CLINIC
    kind = scene.moment.clinic.visit_type(scene.visit.visit_type)
    left = scene.visit.starts_at - scene.moment.now
    late = left < timedelta(minutes=kind.cutoff if kind else 0)
    return CancelReason.PATIENT_LATE if late else CancelReason.PATIENT


def _expected(scene: Scene) -> bool:
    """Whether the patient still believes in the visit."""
    return scene.was in (VisitStatus.PENDING, VisitStatus.BOOKED) and scene.visit.starts_at > scene.moment.now
