"""What a patient answered before a visit, for the staff who check them in; each look is audited."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler.db.models import Consent, Visit
from scheduler.domain.actors import Actor
from scheduler.domain.errors import NotFound
from scheduler.domain.triage import Result
from scheduler.services.audit.writing import note
from scheduler.services.booking.triage import result_of
from scheduler.services.changes.whereabouts import Answer, answers
from scheduler.services.ground.desk import Desk
from scheduler.services.people.consents import evidence
from scheduler.services.people.needs import needs_of


@dataclass(frozen=True, slots=True)
class Intake:
    needs: Sequence[str]
    triage: Result | None
    """What the safety questions came to; None where they were not asked, or set aside."""
    whereabouts: Sequence[Answer]
    consents: Sequence[Consent]


def read_intake(session: Session, desk: Desk, id: UUID, actor: Actor, now: datetime) -> Intake:
    """Raises NotFound."""
    visit, vault = session.get(Visit, id), desk.secrets.vault
    if visit is None:
        raise NotFound
    note(session, actor, "read-intake", "visit", str(id), now)
    return Intake(
        needs=needs_of(vault, visit),
        triage=result_of(vault, id, visit.triage),
        whereabouts=answers(session, vault, id),
        consents=evidence(session, id),
    )
