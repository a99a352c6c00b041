"""Free times to which a visit can move."""

from datetime import date
from uuid import UUID

from scheduler.db.models import Visit
from scheduler.domain.clinic import Mode
from scheduler.domain.errors import NotFound
from scheduler.domain.wishes import Wish
from scheduler.services.changes.moving import Destination
from scheduler.services.ground.desk import Desk
from scheduler.services.people.needs import needs_in_mode
from scheduler.services.slots.free import Found, find_slots


def find_slots_to_move(desk: Desk, id: UUID, to: Destination, first: date, last: date) -> Found:
    """For as long a visit as it is with its needs, in its own mode where `to` names none; its own time counts
    as free. With anybody, where nobody is named.

    Raises NotFound, Invalid for codes that the clinic does not have.
    """
    with desk.db.transaction() as session:
        visit = session.get(Visit, id)
        if visit is None:
            raise NotFound
        mode = to.mode or Mode(visit.mode)
        clinic = desk.clinics.moment(session).clinic
        needs = needs_in_mode(clinic, desk.secrets.vault, visit, mode)
        state = to.state or visit.state
        wish = Wish(visit.visit_type, mode, to.practitioner, to.location, state, needs)
    return find_slots(desk, wish, first, last, own=id)
