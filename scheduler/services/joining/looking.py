"""How the gate stands for whoever holds a join link. Looking changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from scheduler.db.models import Recipient, Visit
from scheduler.domain.clinic import Clinic, ConsentText, Mode
from scheduler.domain.errors import Unauthorized
from scheduler.domain.video import Door, door, opens_at
from scheduler.domain.visits import VisitStatus
from scheduler.services.ground.desk import Desk
from scheduler.services.people.consents import lacking
from scheduler.services.people.guarding import has_guardian, is_under_age
from scheduler.services.people.links import Holder, holder
from scheduler.services.people.recipients import BOOKED_BY, JOIN, PATIENT
from scheduler.services.visits.attending import gate_answer, host_came, was_moved


@dataclass(frozen=True, slots=True)
class Gate:
    """What somebody may know who holds the link: nothing of who the patient is."""

    holder: Holder
    clinic: Clinic
    door: Door
    status: VisitStatus
    start: datetime
    opens: datetime
    zone: ZoneInfo
    """In which the visit is promised."""
    own_zone: ZoneInfo
    """By which the holder lives."""
    language: str
    practitioner: str
    location: str | None
    moved: bool
    """To another time than that for which it was booked."""
    place_known: bool
    """Nobody has to be asked any more where they are."""
    correctable: bool
    """What was said of the place can be said otherwise: until the practitioner is there."""
    speaker: str
    """The role whose consent counts: the patient's own, a minor's guardian's."""
    texts: Sequence[ConsentText]
    """What that one still has to agree to."""


def look(desk: Desk, token: str) -> Gate:
    """Raises Unauthorized for a link that opens nothing."""
    with desk.db.transaction() as session:
        moment = desk.clinics.moment(session)
        found = holder(session, token, JOIN, desk.db.offset)
        if found is None:
            raise Unauthorized
        return _gate(desk, session, found, moment.clinic, moment.now)


def _gate(desk: Desk, session: Session, found: Holder, clinic: Clinic, now: datetime) -> Gate:
    visit = session.get_one(Visit, found.visit)
    who = session.get_one(Recipient, found.recipient)
    status, speaker = VisitStatus(visit.status), speaker_of(desk, session, visit)
    answer = gate_answer(session, visit)
    return Gate(
        holder=found,
        clinic=clinic,
        door=door_of(visit, now),
        status=status,
        start=visit.starts_at,
        opens=opens_at(visit.starts_at),
        zone=ZoneInfo(visit.zone),
        own_zone=ZoneInfo(who.timezone or visit.zone),
        language=who.language,
        practitioner=visit.practitioner,
        location=visit.location,
        moved=was_moved(session, visit),
        place_known=status is VisitStatus.CHECKED_IN
        or (status is VisitStatus.ARRIVED and answer is not None and answer.licensed),
        correctable=status is not VisitStatus.CHECKED_IN
        and (answer is None or not host_came(session, visit)),
        speaker=speaker,
        texts=lacking(session, clinic, Mode.TELEMEDICINE, visit.id, [speaker]),
    )


def door_of(visit: Visit, now: datetime) -> Door:
    return door(VisitStatus(visit.status), Mode(visit.mode), visit.starts_at, visit.ends_at, now)


def speaker_of(desk: Desk, session: Session, visit: Visit) -> str:
    """What another adult agreed to is asked again of the patient; for a minor a guardian speaks."""
    under_age = is_under_age(session, desk, visit, visit.start_wall.date())
    return BOOKED_BY if under_age and has_guardian(session, visit) else PATIENT
