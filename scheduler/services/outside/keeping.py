"""Which other calendars practitioners have: entered, listed, taken away."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.db.models import OutsideCalendar
from scheduler.db.secrets import Secrets
from scheduler.domain.actors import Actor
from scheduler.domain.destinations import NotAllowed, destination
from scheduler.domain.errors import Fault, Invalid, NotFound
from scheduler.services.audit.writing import note
from scheduler.services.ground import errands
from scheduler.services.ground.desk import Desk
from scheduler.services.slots.taking import lock

OBJECT = "outside-calendar"
FETCH = "fetch-outside-calendar"
"""The errand; its row is the calendar's id."""
SUBSCRIBE = "webcal://"
"""How calendars call an https address that one may subscribe to."""


def add_calendar(desk: Desk, practitioner: str, label: str, address: str, actor: Actor) -> OutsideCalendar:
    """Enter a calendar, which is fetched soon; the same once more is the one that there is.

    Raises Invalid for somebody whom the clinic does not have, and for an address that is not called.
    """
    url, host = _checked(desk, address)

    def work(session: Session) -> OutsideCalendar:
        moment = desk.clinics.moment(session)
        if moment.clinic.practitioner(practitioner) is None:
            raise Invalid([Fault("/practitioner", "unknown")])
        resource = moment.in_force.resources[practitioner]
        lock(session, resource)
        hash = desk.secrets.lookup.hash(OBJECT, url)
        same = select(OutsideCalendar).where(
            OutsideCalendar.resource_id == resource, OutsideCalendar.address_hash == hash
        )
        if entry := session.scalars(same).first():
            return entry
        id = uuid4()
        entry = OutsideCalendar(
            id=id,
            resource_id=resource,
            practitioner=practitioner,
            label=label,
            host=host,
            address=desk.secrets.vault.seal("outside_calendars.address", id, url),
            address_hash=hash,
            created_at=moment.now,
            created_by=str(actor),
        )
        session.add(entry)
        session.flush()
        errands.plan(session, FETCH, str(id), moment.now)
        note(session, actor, "enter", OBJECT, str(id), moment.now, {"practitioner": practitioner})
        return entry

    return desk.db.attempt(work)


def _checked(desk: Desk, address: str) -> tuple[str, str]:
    """The address as it is called, and its host. Raises Invalid."""
    if address.lower().startswith(SUBSCRIBE):
        address = f"https://{address[len(SUBSCRIBE) :]}"
    try:
        found = destination(address, loopback=desk.outside.loopback)
    except NotAllowed as refused:
        raise Invalid([Fault("/address", refused.code)]) from None
    return found.url, found.host


def address_of(secrets: Secrets, entry: OutsideCalendar) -> str:
    return secrets.vault.open("outside_calendars.address", entry.id, entry.address)


def list_calendars(session: Session, practitioner: str | None = None) -> Sequence[OutsideCalendar]:
    """By practitioner, the oldest first."""
    query = select(OutsideCalendar)
    if practitioner is not None:
        query = query.where(OutsideCalendar.practitioner == practitioner)
    order = (OutsideCalendar.practitioner, OutsideCalendar.created_at, OutsideCalendar.id)
    return session.scalars(query.order_by(*order)).all()


def read_calendar(session: Session, id: UUID) -> OutsideCalendar:
    """Raises NotFound."""
    entry = session.get(OutsideCalendar, id)
    if entry is None:
        raise NotFound
    return entry


def fetch_soon(desk: Desk, id: UUID, actor: Actor) -> OutsideCalendar:
    """Somebody knows that it has changed. Raises NotFound."""

    def work(session: Session) -> OutsideCalendar:
        entry, now = read_calendar(session, id), desk.db.now(session)
        errands.plan(session, FETCH, str(id), now)
        note(session, actor, "refresh", OBJECT, str(id), now)
        return entry

    return desk.db.attempt(work)


def remove_calendar(desk: Desk, id: UUID, actor: Actor) -> OutsideCalendar:
    """Its time can be booked again; the entry as it was. Raises NotFound."""

    def work(session: Session) -> OutsideCalendar:
        entry = read_calendar(session, id)
        lock(session, entry.resource_id)
        if session.get(OutsideCalendar, id, with_for_update=True, populate_existing=True) is None:
            raise NotFound
        session.delete(entry)
        detail = {"practitioner": entry.practitioner}
        note(session, actor, "delete", OBJECT, str(id), desk.db.now(session), detail)
        return entry

    return desk.db.attempt(work)
