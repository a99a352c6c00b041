"""Where somebody may be seen by video: by the state where the patient will be, on the visit's local date."""

from datetime import datetime

from scheduler.domain.clinic import Clinic, Mode, Practitioner
from scheduler.domain.errors import Fault, Invalid, NotLicensed
from scheduler.domain.times import local_date
from scheduler.domain.wishes import Wish, visit_type_of


def check_place(clinic: Clinic, wish: Wish, start: datetime) -> None:
    """Raises Invalid where a visit by video does not say where the patient will be, NotLicensed.

    Where nobody gives such a visit at all, that is for others to say.
    """
    kind = visit_type_of(clinic, wish)
    if wish.mode is not Mode.TELEMEDICINE:
        return
    if wish.state is None:
        raise Invalid([Fault("/state", "required")])
    givers = [who for who in clinic.practitioners if kind.given_by(who)]
    asked = [who for who in givers if wish.practitioner in (None, who.code)]
    if asked and not any(_may_see(who, wish.state, start) for who in asked):
        raise NotLicensed


def _may_see(who: Practitioner, state: str, start: datetime) -> bool:
    return who.is_licensed(state, local_date(start, who.timezone))
