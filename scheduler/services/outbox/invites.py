"""The calendar entry of a visit for somebody who takes it themselves, instead of by mail."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.calendars.invite import Method
from scheduler.db.models import Message, Recipient, Visit
from scheduler.domain.actors import Actor
from scheduler.domain.clinic import Clinic
from scheduler.domain.errors import NotFound
from scheduler.domain.messages import WITH_ENTRY, ChannelName, MessageKind
from scheduler.domain.visits import VisitStatus
from scheduler.services.audit.writing import note
from scheduler.services.clinic.current import Moment
from scheduler.services.ground.desk import Desk
from scheduler.services.outbox.content import facts_of
from scheduler.services.outbox.entries import Made, file_of
from scheduler.services.people.recipients import PATIENT, contact_of, involved

SAYS = {
    VisitStatus.PENDING: MessageKind.RECEIVED,
    VisitStatus.CANCELLED: MessageKind.CANCELLED,
    VisitStatus.ENTERED_IN_ERROR: MessageKind.CANCELLED,
}
"""The mail whose entry it is; every other visit is confirmed. An ended one takes the entry away again."""


def invite_file(
    session: Session, desk: Desk, id: UUID, recipient: UUID | None, actor: Actor, moment: Moment
) -> bytes:
    """What the newest mail to this recipient holds, or would hold, without its METHOD.

    Staff get the patient's, without the way in: whoever has that acts as the patient. Raises NotFound.
    """
    visit = session.get(Visit, id)
    if visit is None:
        raise NotFound
    mine = Recipient.id == recipient if recipient else Recipient.role == PATIENT
    who = session.scalars(involved(id).where(mine)).one()
    kind = SAYS.get(VisitStatus(visit.status), MessageKind.CONFIRMED)
    clinic, at = _as_mailed(session, desk, visit, who) or (moment.clinic, visit.changed_at)
    facts = facts_of(desk, clinic, kind, kind, visit, who)
    if actor.is_staff:
        facts = replace(facts, join_link=None)
        note(session, actor, "read-invite", "visit", str(id), moment.now)
    method = Method.CANCEL if kind is MessageKind.CANCELLED else Method.REQUEST
    made = Made(method, visit.sequence, at)
    return file_of(clinic, visit, facts, contact_of(desk, who).email, made)


def _as_mailed(session: Session, desk: Desk, visit: Visit, who: Recipient) -> tuple[Clinic, datetime] | None:
    """By which clinic, and when, the mail was made that told the visit as it is; None before there is one."""
    newest = (
        select(Message.clinic_version, Message.made_at)
        .where(Message.recipient_id == who.id, Message.sequence == visit.sequence)
        .where(Message.channel == ChannelName.EMAIL)
        .where(Message.kind.in_(WITH_ENTRY), Message.made_at.is_not(None))
        .order_by(Message.id.desc())
        .limit(1)
    )
    found = session.execute(newest).first()
    if found is None or found.clinic_version is None or found.made_at is None:
        return None
    return desk.clinics.version(session, found.clinic_version), found.made_at
