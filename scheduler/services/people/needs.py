"""What a patient needs for a visit: kept sealed, and told to staff whenever the visit's time changes."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler.db.models import Visit
from scheduler.db.secrets import Vault
from scheduler.domain.clinic import Clinic, Mode
from scheduler.domain.needs import met
from scheduler.domain.tasks import TaskKind
from scheduler.services.clinic.current import Moment
from scheduler.services.ground.desk import Desk
from scheduler.services.tasks.opening import open_task

PLACE = "visits.needs"
AHEAD = timedelta(hours=48)
"""So long before the visit an interpreter should be found."""


def sealed_needs(vault: Vault, visit: UUID, codes: tuple[str, ...]) -> bytes | None:
    """They tell something of somebody's health: an interpreter for the deaf, a wheelchair."""
    return vault.seal(PLACE, visit, ",".join(codes)) if codes else None


def needs_of(vault: Vault, visit: Visit) -> tuple[str, ...]:
    return tuple(vault.open(PLACE, visit.id, visit.needs).split(",")) if visit.needs else ()


def needs_in_mode(clinic: Clinic, vault: Vault, visit: Visit, mode: Mode) -> tuple[str, ...]:
    """Those that make a difference to the visit if it is of that mode: nobody needs a ramp for a video."""
    return tuple(need.code for need in met(clinic, needs_of(vault, visit), mode))


def tell_of_needs(session: Session, desk: Desk, moment: Moment, visit: Visit, cause: str) -> None:
    """A task for staff, where there is something to arrange, or to call off."""
    if visit.needs is None:
        return
    needs = met(moment.clinic, needs_of(desk.secrets.vault, visit))
    if any(need.staff_task for need in needs):
        due = max(moment.now, visit.starts_at - AHEAD)
        open_task(session, TaskKind.NEEDS, visit.id, cause, due, moment.now)
