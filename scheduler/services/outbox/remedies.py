"""What an answer of a provider's says beyond the message: of an address, a number, or all our texts."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.channels.inbound.reports import News
from scheduler.channels.outcome import Remedy
from scheduler.db.models import Recipient, Visit
from scheduler.domain.messages import ChannelName
from scheduler.domain.tasks import TaskKind
from scheduler.domain.visits import EXPECTED
from scheduler.services.outbox.claiming import Claimed, Held
from scheduler.services.tasks.opening import open_general_task, open_task
from scheduler.services.telling.reaching import CONTACT_HASH
from scheduler.services.telling.rerouting import move_on
from scheduler.services.telling.suppressing import suppress, visits_told

Why = Remedy | News
"""Of a mail that came back, what the report says."""

TASKS: Mapping[Why, TaskKind] = {
    Remedy.ADDRESS_DEAD: TaskKind.BOUNCED,
    News.BOUNCED: TaskKind.BOUNCED,
    News.COMPLAINT: TaskKind.BOUNCED,
    Remedy.OPTED_OUT: TaskKind.OPTED_OUT,
    Remedy.NUMBER_DEAD: TaskKind.NUMBER_DEAD,
    Remedy.NO_TEXTS: TaskKind.NUMBER_DEAD,
}


def heed(session: Session, held: Held, remedy: Remedy | None, now: datetime) -> None:
    """Call it before the message's own row is touched: visits are locked first."""
    if remedy is None:
        return
    if remedy is Remedy.FILTERED:
        open_general_task(session, TaskKind.TEXTS_FILTERED, held.channel, now)
    elif isinstance(held, Claimed):
        contact = session.scalars(
            select(CONTACT_HASH[held.channel]).where(Recipient.id == held.recipient)
        ).one()
        if contact is not None:
            give_up(session, held.channel, contact, remedy, now)
    if isinstance(held, Claimed):
        move_on(session, [held.id], now)


def give_up(session: Session, channel: ChannelName, contact_hash: bytes, why: Why, now: datetime) -> bool:
    """Nothing more goes there; what is planned goes another way, and staff find out the right address.

    Whether something went there until now.
    """
    if not suppress(session, channel, contact_hash, why, now):
        return False
    for visit in visits_told(session, channel, contact_hash, now):
        if visit.status in EXPECTED and visit.ends_at > now:
            ask_for_contact(session, visit, contact_hash, why, now)
    return True


def ask_for_contact(session: Session, visit: Visit, contact_hash: bytes, why: Why, now: datetime) -> None:
    """Staff find out how whoever the visit was told to by this contact can be reached; once while open."""
    open_task(session, TASKS[why], visit.id, contact_hash.hex()[:16], now, now)
