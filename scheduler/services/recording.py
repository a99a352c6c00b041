"""Writing a visit down: its row, claims, recipients, links and messages."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import tzdata
from sqlalchemy import insert
from sqlalchemy.orm import Session

from scheduler.db.models import Visit
from scheduler.db.secrets import Secrets
from scheduler.domain.booking import BookingRequest, under_guardian
from scheduler.domain.clinic import Mode, VisitType
from scheduler.domain.consents import decisions_at_booking
from scheduler.domain.messages import Hint, plan_booking
from scheduler.domain.opening import answer_by
from scheduler.domain.people import fold_reference, new_reference
from scheduler.domain.schedule import Chair
from scheduler.domain.times import wall_of
from scheduler.domain.visits import VisitStatus, first_status
from scheduler.services.claims import Occupation, claim_for_visit, turn_claims_over
from scheduler.services.clinic.current import Moment
from scheduler.services.consents import enter as enter_consents
from scheduler.services.desk import Desk
from scheduler.services.needs import sealed_needs
from scheduler.services.planning import About, plan
from scheduler.services.reaching import who_hears
from scheduler.services.recipients import enter_recipients
from scheduler.services.triage import sealed_result


@dataclass(frozen=True, slots=True)
class NewVisit:
    """Everything that was decided about a visit before it is written down."""

    request: BookingRequest
    kind: VisitType
    chair: Chair
    patient: UUID
    taken: Occupation
    hold: UUID | None = None
    """What held that time until now."""

    @property
    def status(self) -> VisitStatus:
        """Staff who book have approved it by that."""
        if self.request.actor.is_staff:
            return VisitStatus.BOOKED
        return first_status(self.kind.modes[self.request.wish.mode])


def record(session: Session, desk: Desk, moment: Moment, new: NewVisit) -> tuple[UUID, list[Hint]]:
    """Write all rows of a new visit; its id and hints of the messages that are due now."""
    visit = uuid4()
    session.execute(insert(Visit.table()), _visit_row(visit, moment, desk.secrets, new))
    if new.hold:
        turn_claims_over(session, new.hold, visit, new.taken)
    else:
        claim_for_visit(session, visit, new.taken)
    giver = enter_recipients(session, desk, visit, under_guardian(new.request, new.taken.on_date))
    said = decisions_at_booking(moment.clinic, new.request.wish.mode, new.request.consents)
    enter_consents(session, giver, said, moment.now)
    mode, start = new.request.wish.mode, new.request.start
    planned = plan_booking(new.status, mode, start, moment.now, moment.clinic.reminders)
    about = About(visit, 0, (start,))
    return visit, plan(session, about, who_hears(session, visit), planned, moment.now)


def _visit_row(id: UUID, moment: Moment, secrets: Secrets, new: NewVisit) -> dict[str, Any]:
    request, kind, chair = new.request, new.kind, new.chair
    reference = new_reference()
    wall, fold = wall_of(request.start, chair.zone)
    return {
        "id": id,
        "uid": uuid4(),
        "reference": secrets.vault.seal("visits.reference", id, reference),
        "reference_hash": secrets.lookup.hash("reference", fold_reference(reference)),
        "patient_id": new.patient,
        "practitioner_id": new.taken.practitioner,
        "practitioner": chair.practitioner.code,
        "room_id": new.taken.room,
        "location": chair.place,
        "visit_type": kind.code,
        "label": kind.label[request.patient.language],
        "mode": request.wish.mode,
        "status": new.status,
        "new_patient": request.new_patient,
        "state": request.wish.state if request.wish.mode is Mode.TELEMEDICINE else None,
        "triage": sealed_result(secrets.vault, id, request.triage) if kind.triage else None,
        "needs": sealed_needs(secrets.vault, id, request.wish.needs),
        "start_wall": wall,
        "zone": chair.zone.key,
        "fold": fold,
        "tzdata": tzdata.IANA_VERSION,
        "starts_at": request.start,
        "ends_at": request.start + timedelta(minutes=kind.minutes),
        "minutes": kind.minutes,
        "buffer_before": kind.buffer_before,
        "buffer_after": kind.buffer_after,
        "clinic_version": moment.in_force.version,
        "answer_by": _answer_by(moment, new),
        "created_at": moment.now,
        "changed_at": moment.now,
    }


def _answer_by(moment: Moment, new: NewVisit) -> datetime | None:
    """Until when staff have to approve it, where they have to."""
    if new.status is not VisitStatus.PENDING:
        return None
    return answer_by(moment.clinic, new.kind, new.request.start, moment.now)
