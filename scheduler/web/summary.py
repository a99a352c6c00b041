"""What pages say of a visit to whoever comes to it."""

from zoneinfo import ZoneInfo

from scheduler.domain.clinic import Clinic, Mode
from scheduler.messages.moments import moment, same_clock
from scheduler.services.visits.reading import VisitView
from scheduler.web.speech import language


def summary_of(clinic: Clinic, visit: VisitView, zone: str | None) -> dict[str, object]:
    """The time by the patient's clock first (`zone`), and by the clinic's where that shows another."""
    promised, video = ZoneInfo(visit.timezone), visit.mode is Mode.TELEMEDICINE
    own = ZoneInfo(zone) if video and zone else promised
    same = same_clock(visit.start, own, promised)
    return {
        "when": moment(visit.start, own, language()),
        "clinic_when": None if same else moment(visit.start, promised, language()),
        "place": clinic.location(visit.location) if visit.location else None,
        "who": clinic.practitioner(visit.practitioner),
        "video": video,
        "pending": visit.status == "pending",
        "called": visit.notify == "call",
    }
