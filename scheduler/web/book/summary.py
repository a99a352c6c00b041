"""What the last page says of a visit that was booked."""

from zoneinfo import ZoneInfo

from scheduler.domain.clinic import Mode
from scheduler.messages.moments import moment, same_clock
from scheduler.services.visits import VisitView
from scheduler.web.book.form import Form
from scheduler.web.speech import language


def summary_of(form: Form, visit: VisitView) -> dict[str, object]:
    """The time by the patient's clock first; by the clinic's too, where it shows another."""
    clinic, promised = form.clinic, ZoneInfo(visit.timezone)
    video = visit.mode is Mode.TELEMEDICINE
    own = ZoneInfo(form.draft.zone) if video and form.draft.zone else promised
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
