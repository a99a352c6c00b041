"""A visit as those see it who may see it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler.db.models import Recipient, Visit
from scheduler.domain.clinic import Mode
from scheduler.domain.errors import NotFound
from scheduler.services.ground.desk import Desk
from scheduler.services.people.recipients import BOOKED_BY, JOIN, MANAGE, PATIENT, involved
from scheduler.services.telling.reaching import BY_MAIL, BY_TEXT, notify
from scheduler.services.visits.facts import VisitFacts, facts


@dataclass(frozen=True, slots=True)
class Told:
    """Somebody who hears of a visit, or does not."""

    role: str
    relationship: str | None
    receives: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitView(VisitFacts):
    """What a patient may know of their visit."""

    recipients: Sequence[Told]
    manage_token: str
    manage_link: str
    join_link: str | None


def view(session: Session, desk: Desk, id: UUID, recipient: UUID | None = None) -> VisitView:
    """The visit with the links of one recipient; of whoever booked, where nobody is named.

    Raises NotFound.
    """
    visit = session.get(Visit, id)
    if visit is None:
        raise NotFound
    told = session.execute(involved(id).add_columns(BY_MAIL, BY_TEXT)).all()
    by = notify((mail, text) for each, mail, text in told if each.receives)
    return view_of(desk, visit, [each for each, _, _ in told], by, recipient)


def view_of(
    desk: Desk, visit: Visit, recipients: Sequence[Recipient], notify: str, recipient: UUID | None = None
) -> VisitView:
    """The same of rows that are at hand."""
    holder = next((each for each in recipients if each.id == recipient), None) or _booker(recipients)
    manage, join = (
        desk.token(holder.link_key, visit.id, holder.id, purpose, holder.link_generation)
        for purpose in (MANAGE, JOIN)
    )
    return VisitView(
        **facts(desk.secrets.vault, visit),
        notify=notify,
        recipients=[Told(each.role, each.relationship, each.receives) for each in recipients],
        manage_token=manage,
        manage_link=desk.manage_link(manage),
        join_link=desk.join_link(join) if visit.mode == Mode.TELEMEDICINE else None,
    )


def _booker(recipients: Sequence[Recipient]) -> Recipient:
    """Whoever booked: somebody for the patient, else the patient."""
    by_role = {each.role: each for each in recipients}
    return by_role.get(BOOKED_BY) or by_role[PATIENT]
