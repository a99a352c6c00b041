"""A visit as somebody sees it who holds its link: what it is, what is open, and what they may do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.db.models import Patient, Recipient, Visit
from scheduler.domain.clinic import Approval, Clinic, ConsentText, Mode
from scheduler.domain.consents import ConsentKind, asked_of
from scheduler.domain.messages import ASKS_WHERE
from scheduler.domain.people import Contact
from scheduler.domain.visits import BY_PATIENT, EXPECTED, Act, VisitStatus, allowed
from scheduler.services.changes.moving import past_cut_off
from scheduler.services.changes.whereabouts import answers, may_be_seen
from scheduler.services.clinic.current import Moment
from scheduler.services.ground.desk import Desk
from scheduler.services.people.consents import agreed, wants_texts
from scheduler.services.people.links import Holder
from scheduler.services.people.recipients import contact_of
from scheduler.services.visits.reading import VisitView, view

MOVING = frozenset({Act.RESCHEDULE, Act.CONVERT})


@dataclass(frozen=True, slots=True)
class OtherMode:
    """In which way the visit could be given instead."""

    mode: Mode
    by_phone: bool
    """Staff look at such a request first: it is asked for by phone."""


@dataclass(frozen=True, slots=True)
class OwnVisit:
    holder: Holder
    visit: VisitView
    moment: Moment
    contact: Contact
    """How the holder is reached."""
    can: frozenset[Act]
    """What the visit's state and the clock leave to the holder."""
    too_late: bool
    """To move or convert it without a call."""
    other: OtherMode | None
    answer_by: datetime | None
    """By when staff answer a request."""
    open_texts: Sequence[ConsentText]
    """What the holder did not agree to (yet); some of it such a visit cannot do without."""
    said_where: bool | None
    """Whether the patient may be seen where they said that they will be; None before they said it."""

    @property
    def clinic(self) -> Clinic:
        return self.moment.clinic

    @property
    def near(self) -> bool:
        """Whether it is the day on which the way in matters, and where the patient will be."""
        return self.visit.start - self.moment.now <= timedelta(minutes=ASKS_WHERE)

    @property
    def lacking(self) -> list[ConsentText]:
        return [each for each in self.open_texts if each.required]


def see_own(session: Session, desk: Desk, holder: Holder) -> OwnVisit:
    """Raises NotFound."""
    seen, visit = view(session, desk, holder.visit, holder.recipient), session.get_one(Visit, holder.visit)
    moment, who = desk.clinics.moment(session), session.get_one(Recipient, holder.recipient)
    coming = VisitStatus(visit.status) in EXPECTED and visit.ends_at > moment.now
    said = answers(session, desk.secrets.vault, visit.id)
    return OwnVisit(
        holder=holder,
        visit=seen,
        moment=moment,
        contact=contact_of(desk, who),
        can=_can(moment, visit) if coming else frozenset(),
        too_late=coming and past_cut_off(moment, visit),
        other=_other(moment.clinic, visit),
        answer_by=visit.answer_by,
        open_texts=_open_texts(session, moment.clinic, visit, who) if coming else (),
        said_where=may_be_seen(moment.clinic, visit, said[-1].place.state) if said else None,
    )


def _can(moment: Moment, visit: Visit) -> frozenset[Act]:
    acts = set(allowed(VisitStatus(visit.status), BY_PATIENT))
    if past_cut_off(moment, visit):
        acts -= MOVING
    if visit.starts_at <= moment.now:
        acts -= {Act.CANCEL, Act.CONFIRM}
    if visit.confirmed_at:
        acts -= {Act.CONFIRM}
    if visit.mode != Mode.TELEMEDICINE:
        acts -= {Act.WHEREABOUTS}
    return frozenset(acts)


def _other(clinic: Clinic, visit: Visit) -> OtherMode | None:
    kind = clinic.visit_type(visit.visit_type)
    others = [(mode, how) for mode, how in (kind.modes if kind else {}).items() if mode != visit.mode]
    return next((OtherMode(mode, how is Approval.STAFF) for mode, how in others), None)


def _open_texts(session: Session, clinic: Clinic, visit: Visit, who: Recipient) -> list[ConsentText]:
    """Each speaks for themselves: what another adult agreed to is asked of the patient again.

    Consent to texts is a number's."""
    said = agreed(session, visit.id, [who.role])
    texts = who.phone_hash is not None and not wants_texts(session, who.phone_hash)
    return [
        each
        for each in asked_of(clinic, Mode(visit.mode))
        if (texts if each.kind == ConsentKind.SMS else each.name not in said)
    ]


def is_born_on(session: Session, desk: Desk, visit: UUID, born: date) -> bool:
    """Whether that is the patient's birth date."""
    known = (
        select(Patient.birth_date_hash).join(Visit, Visit.patient_id == Patient.id).where(Visit.id == visit)
    )
    return session.execute(known).scalar_one() == desk.secrets.lookup.hash("birth_date", born.isoformat())
