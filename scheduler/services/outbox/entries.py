"""The calendar object that goes with what is told of a visit; one that is broken goes nowhere."""

from dataclasses import dataclass
from datetime import datetime

from scheduler.calendars.invite import InviteFacts, Method, as_file, invite
from scheduler.calendars.lint import checked
from scheduler.db.models import Visit
from scheduler.domain.clinic import Clinic
from scheduler.messages.facts import MessageFacts
from scheduler.messages.render import entry_texts


@dataclass(frozen=True, slots=True)
class Made:
    """As what an object is made: what a message brings beside what it says."""

    method: Method
    sequence: int
    at: datetime


def entry_of(clinic: Clinic, visit: Visit, facts: MessageFacts, email: str, made: Made) -> bytes:
    """A visit as the facts have it, to be mailed to the address. Raises BrokenEntry."""
    return checked(_written(clinic, visit, facts, email, made), made.method)


def file_of(clinic: Clinic, visit: Visit, facts: MessageFacts, email: str | None, made: Made) -> bytes:
    """The same for somebody who takes it themselves, and who need not have an address. Raises BrokenEntry."""
    return checked(as_file(_written(clinic, visit, facts, email, made), made.method), None)


def _written(clinic: Clinic, visit: Visit, facts: MessageFacts, email: str | None, made: Made) -> bytes:
    texts = entry_texts(facts)
    place = clinic.location(visit.location) if visit.location else None
    entry = InviteFacts(
        uid=visit.uid,
        sequence=made.sequence,
        tentative=facts.pending,
        starts_at=facts.starts_at,
        ends_at=facts.ends_at,
        created_at=visit.created_at,
        modified_at=visit.changed_at,
        made_at=made.at,
        organizer=clinic.sender,
        attendee=email,
        summary=texts.summary,
        description=texts.description,
        location=texts.location,
        geo=place.geo if place and texts.location else None,
        join_link=facts.join_link,
        join_label=texts.join_label,
    )
    return invite(entry, made.method)
