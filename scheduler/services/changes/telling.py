"""The clinic changed something about visits, and their patients hear of it."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.db.models import Visit
from scheduler.domain.actors import SYSTEM
from scheduler.domain.messages import MessageKind
from scheduler.domain.visits import EXPECTED, Act, VisitStatus
from scheduler.services.audit.writing import acted, note_act
from scheduler.services.changes.scene import Order, Scene
from scheduler.services.clinic.current import Moment
from scheduler.services.ground.desk import Desk


def tell_of_places(session: Session, desk: Desk, places: list[str]) -> int:
    """Tell the patients who are booked there that a place is not what they were told; how many visits.

    Call it in the transaction that puts the clinic file in force: either both are true, or neither.
    """
    if not places:
        return 0
    moment = desk.clinics.moment(session)
    visits = session.scalars(
        select(Visit)
        .where(Visit.location.in_(places), Visit.starts_at > moment.now, Visit.status.in_(EXPECTED))
        .order_by(Visit.id)
        .with_for_update(key_share=True)
    ).all()
    for visit in visits:
        tell_of_move(session, desk, moment, visit, "place-changed")
    return len(visits)


def tell_of_move(session: Session, desk: Desk, moment: Moment, visit: Visit, reason: str) -> None:
    """A change of time or place by the clinic itself, told like any other; the visit is locked and changed.

    `reason` is a code.
    """
    status = VisitStatus(visit.status)
    visit.moved_by_clinic_at = moment.now
    visit.version += 1
    order = Order(visit.id, Act.RESCHEDULE, SYSTEM, reason=reason)
    scene = Scene(desk, session, moment, order, visit, status, status)
    scene.tell(MessageKind.RECEIVED if status is VisitStatus.PENDING else MessageKind.CHANGED)
    act = acted(visit.id, SYSTEM, order.act, status, status, visit.sequence, moment.now, reason)
    note_act(session, act)
