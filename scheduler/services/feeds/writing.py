"""One visit as a feed shows it: nothing of the patient, of the visit type, of why they come."""

from scheduler.calendars.feed import FeedEvent, event
from scheduler.db.models import Visit
from scheduler.domain.clinic import Clinic, Mode
from scheduler.domain.feeds import Detail, feed_uid
from scheduler.domain.visits import VisitStatus
from scheduler.messages.feeds import FeedWords, feed_words
from scheduler.services.ground.desk import Desk

STATUSES = {
    VisitStatus.PENDING: "TENTATIVE",
    VisitStatus.CANCELLED: "CANCELLED",
    VisitStatus.ENTERED_IN_ERROR: "CANCELLED",
}
"""In iCalendar's words; all others are CONFIRMED."""


def write(desk: Desk, clinic: Clinic, detail: Detail, named: bool, visit: Visit) -> bytes:
    """`named` says whose visit it is among the practitioners."""
    words = feed_words(clinic.languages[0])
    status = STATUSES.get(VisitStatus(visit.status), "CONFIRMED")
    more = detail is Detail.REFERENCE
    what = [_reference(desk, visit, words) if more else words.busy]
    if named:
        who = clinic.practitioner(visit.practitioner)
        what.append(who.message_name if who else visit.practitioner)
    summary = ", ".join(what)
    return event(
        FeedEvent(
            uid=feed_uid(visit.uid),
            sequence=visit.sequence,
            status=status,
            starts_at=visit.starts_at,
            ends_at=visit.ends_at,
            created_at=visit.created_at,
            modified_at=visit.changed_at,
            summary=f"{words.cancelled}: {summary}" if status == "CANCELLED" else summary,
            location=_place(clinic, visit, words) if more else "",
            link=desk.visit_link(visit.id) if more else "",
        )
    )


def _reference(desk: Desk, visit: Visit, words: FeedWords) -> str:
    kind = words.video_visit if visit.mode == Mode.TELEMEDICINE else words.visit
    return f"{kind} {desk.secrets.vault.open('visits.reference', visit.id, visit.reference)}"


def _place(clinic: Clinic, visit: Visit, words: FeedWords) -> str:
    if visit.mode == Mode.TELEMEDICINE:
        return words.video_visit
    place = clinic.location(visit.location or "")
    return f"{place.name}, {place.address}" if place else str(visit.location)
