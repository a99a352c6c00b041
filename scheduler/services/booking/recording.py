"""Writing a visit down: its row, claims, recipients, links and messages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import tzdata
from sqlalchemy.orm import Session

from scheduler.db.models import Claim, Consent, Link, Recipient, Visit
from scheduler.db.rows import insert_given, query, spell
from scheduler.db.secrets import Secrets
from scheduler.domain.booking import BookingRequest, under_guardian
from scheduler.domain.clinic import Mode, VisitType
from scheduler.domain.consents import decisions_at_booking
from scheduler.domain.hooks import BOOK
from scheduler.domain.messages import ChannelName, Hint, Queue, plan_booking
from scheduler.domain.opening import answer_by
from scheduler.domain.people import fold_reference, new_reference
from scheduler.domain.schedule import Chair
from scheduler.domain.times import local_date, wall_of
from scheduler.domain.visits import VisitStatus, first_status
from scheduler.services.audit.writing import NOTED, acted
from scheduler.services.booking.triage import sealed_result
from scheduler.services.clinic.current import Moment
from scheduler.services.ground.desk import Desk
from scheduler.services.people.consents import Giver, consent_rows
from scheduler.services.people.needs import sealed_needs
from scheduler.services.people.recipients import link_rows, rows_at_booking
from scheduler.services.slots.claims import Occupation, claims_of, turn_claims_over
from scheduler.services.telling.planning import MESSAGES, About, planned_rows
from scheduler.services.telling.reaching import Reached, notify, who_will_hear
from scheduler.services.visits.reading import VisitView, view_of

# What a booking writes, but for what it gives staff to do. Without its blanks it is short enough
# (4,096 letters) for the driver to keep it as it goes over the wire.
_RECORD = f"""
    WITH visit AS ({insert_given(Visit)}), claim AS ({insert_given(Claim)}),
    recipient AS ({insert_given(Recipient)}), link AS ({insert_given(Link)}),
    consent AS ({insert_given(Consent)}), message AS ({MESSAGES}), {NOTED}
    SELECT id, queue FROM message WHERE due_at <= :at
    UNION ALL SELECT id, 'hooks' FROM hook
"""  # noqa: S608 - names of our own tables
RECORD = query(" ".join(_RECORD.split()), "id", "queue")


@dataclass(frozen=True, slots=True)
class NewVisit:
    """Everything that was decided about a visit before its time is taken."""

    request: BookingRequest
    kind: VisitType
    chair: Chair
    patient: UUID
    hold: UUID | None = None
    """What held that time until now."""

    @property
    def status(self) -> VisitStatus:
        """Staff who book have approved it by that."""
        if self.request.actor.is_staff:
            return VisitStatus.BOOKED
        return first_status(self.kind.modes[self.request.wish.mode])


@dataclass(frozen=True, slots=True)
class Record:
    """A visit that needs nothing but its time, and what will be known of it."""

    visit: Visit
    row: Mapping[str, Any]
    others: Mapping[str, str]
    """Rows of all other tables but claims, spelled for `RECORD`."""
    act: Mapping[str, object]
    view: VisitView
    hold: UUID | None


def write_up(session: Session, desk: Desk, moment: Moment, new: NewVisit) -> Record:
    """All that takes thought, seals and hashes: nobody has to wait for it behind a lock."""
    id, request = uuid4(), under_guardian(new.request, local_date(new.request.start, new.chair.zone))
    row, people = _visit_row(id, moment, desk.secrets, new), rows_at_booking(desk, id, request)
    said = decisions_at_booking(moment.clinic, request.wish.mode, request.consents)
    consents = consent_rows(_giver(request, people[0]), said, moment.now)
    rows = {
        "visits": spell([{name: row[name] for name in ("id", "mode", "zone")}]),
        "recipients": spell(people),
        "consents": spell(consents),
    }
    told = who_will_hear(session, rows)
    links = [one for each in people for one in link_rows(desk, id, each["id"], each["link_key"], 0)]
    messages = _messages(moment, new, id, told)
    by = notify(
        (ChannelName.EMAIL in each.reach.reached, ChannelName.SMS in each.reach.reached) for each in told
    )
    reason = request.override.reason if request.override else None
    visit = Visit(**row)
    return Record(
        visit,
        row,
        {**rows, "links": spell(links), "messages": spell(messages)},
        acted(id, request.actor, BOOK, None, new.status, 0, moment.now, reason),
        view_of(desk, visit, [Recipient(**each) for each in people], by),
        new.hold,
    )


def record(session: Session, written: Record, taken: Occupation) -> list[Hint]:
    """Enter a visit in the time that was taken for it; hints of the messages that are due now."""
    id = written.visit.id
    claims = [] if written.hold else claims_of(id, taken)
    visit = spell([{**written.row, "room_id": taken.room}])
    rows = {**written.others, **written.act, "visits": visit, "claims": spell(claims)}
    due = [Hint(message, Queue(queue)) for message, queue in session.execute(RECORD, rows).all()]
    if written.hold:
        turn_claims_over(session, written.hold, id, taken)
    return due


def _giver(request: BookingRequest, who: Mapping[str, Any]) -> Giver:
    """Whoever booked, whose word the consents are."""
    said = who["visit_id"], who["id"], who["role"], who["language"], who["phone_hash"]
    return Giver(*said, request.actor, request.client)


def _messages(moment: Moment, new: NewVisit, id: UUID, told: Sequence[Reached]) -> list[dict[str, Any]]:
    mode, start = new.request.wish.mode, new.request.start
    planned = plan_booking(new.status, mode, start, moment.now, moment.clinic.reminders)
    return planned_rows(About(id, 0, (start,)), told, planned, moment.now)


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
        "practitioner_id": moment.in_force.resources[chair.practitioner.code],
        "practitioner": chair.practitioner.code,
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
        "sequence": 0,
        "version": 1,
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
