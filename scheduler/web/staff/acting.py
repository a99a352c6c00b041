"""What can be done to a visit from a page: which acts are offered, and how each is carried out."""

from collections.abc import Callable, Mapping
from typing import NamedTuple
from uuid import UUID

from scheduler.api.runtime import runtime
from scheduler.domain.actors import Actor
from scheduler.domain.visits import BY_STAFF, Act, VisitStatus, allowed
from scheduler.services.changes.scene import Order, Scene, carry_out
from scheduler.services.changes.simple import advance, check_in, confirm
from scheduler.services.changes.undoing import undo
from scheduler.services.visits.for_staff import StaffVisit
from scheduler.services.visits.reading import VisitView

PERFORM: Mapping[Act, Callable[[Scene], None]] = {
    Act.CONFIRM: confirm,
    Act.APPROVE: advance,
    Act.DECLINE: advance,
    Act.ARRIVE: advance,
    Act.CHECK_IN: check_in,
    Act.COMPLETE: advance,
    Act.NO_SHOW: advance,
    Act.UNDO: undo,
}
"""Acts of one tap. All others ask something first."""

ONWARD = (Act.APPROVE, Act.ARRIVE, Act.CHECK_IN, Act.COMPLETE)
"""The way of a visit that goes as it should: what comes next is the first button."""
QUICK = (*ONWARD, Act.NO_SHOW)
"""What the day offers without opening the visit."""


class Offered(NamedTuple):
    """Acts on a visit by how they are offered."""

    onward: list[Act]
    aside: list[Act]
    """One tap too, but not what usually comes next."""


def offered(visit: StaffVisit) -> Offered:
    can = allowed(VisitStatus(visit.status), BY_STAFF)
    confirmable = visit.confirmed_at is None
    aside = [Act.DECLINE, Act.NO_SHOW, *([Act.CONFIRM] if confirmable else [])]
    return Offered([act for act in ONWARD if act in can], [act for act in aside if act in can])


def quick_acts(visit: StaffVisit) -> list[Act]:
    can = allowed(VisitStatus(visit.status), BY_STAFF)
    return [act for act in QUICK if act in can]


def may_do(visit: StaffVisit, act: Act) -> bool:
    return act in allowed(VisitStatus(visit.status), BY_STAFF)


def do(
    id: UUID,
    act: Act,
    actor: Actor,
    version: int | None,
    perform: Callable[[Scene], None],
    reason: str | None = None,
) -> VisitView:
    """Carry the act out on the version that the page showed. Raises as `carry_out` does."""
    run = runtime()
    done = carry_out(run.desk, Order(id, act, actor, version, reason), perform)
    run.doorbell.ring(done.due)
    return done.visit
