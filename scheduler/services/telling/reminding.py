"""Whether an address wants reminders; confirmations, changes and cancels go there all the same."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from functools import partial
from operator import itemgetter

from sqlalchemy import ColumnElement, delete, exists, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from scheduler.db.models import Link, Recipient, RefusedReminders
from scheduler.db.secrets import token_hash
from scheduler.domain.errors import Unauthorized
from scheduler.services.audit.writing import note
from scheduler.services.ground.desk import Desk
from scheduler.services.people.links import Holder, holder
from scheduler.services.people.recipients import UNSUBSCRIBE

WANTS_NO_REMINDERS: ColumnElement[bool] = (
    exists().where(RefusedReminders.email_hash == Recipient.email_hash).correlate(Recipient)
)
_MAKE_KNOWN = upsert(Link.table()).on_conflict_do_nothing()


def unsubscribe_token(desk: Desk, who: Recipient) -> str:
    """Of the link in the reminders to this recipient; `make_known` before any leaves."""
    return desk.token(who.link_key, who.visit_id, who.id, UNSUBSCRIBE, who.link_generation)


def make_known(session: Session, desk: Desk, reminded: Collection[Recipient]) -> None:
    """From now on the links in the reminders to these recipients open something: nobody else ever sees
    them."""
    links = sorted((_link(desk, who) for who in reminded), key=itemgetter("hash"))  # else two could deadlock
    if links:
        session.execute(_MAKE_KNOWN, links)


def _link(desk: Desk, who: Recipient) -> Mapping[str, object]:
    return {
        "hash": token_hash(unsubscribe_token(desk, who)),
        "recipient_id": who.id,
        "purpose": UNSUBSCRIBE,
        "generation": who.link_generation,
    }


def wants_reminders(session: Session, token: str, offset: timedelta) -> bool:
    """Whether the address does to which this token went. Raises Unauthorized."""
    refused = exists().where(RefusedReminders.email_hash == _holder(session, token, offset).email_hash)
    return not session.execute(select(refused)).scalar_one()


def set_reminders(desk: Desk, token: str, *, wanted: bool) -> None:
    """From now on the address gets reminders, or none. Again, it changes nothing. Raises Unauthorized."""
    desk.db.attempt(partial(_set_reminders, desk, token, wanted))


def _set_reminders(desk: Desk, token: str, wanted: bool, session: Session) -> None:
    now = desk.db.now(session)
    who = _holder(session, token, desk.db.offset)
    if wanted:
        refused = delete(RefusedReminders).where(RefusedReminders.email_hash == who.email_hash)
        changed = session.execute(refused.returning(RefusedReminders.email_hash)).first()
    else:
        row = {"email_hash": who.email_hash, "since": now}
        refusal = upsert(RefusedReminders).values(row).on_conflict_do_nothing()
        changed = session.execute(refusal.returning(RefusedReminders.email_hash)).first()
    if changed:
        act = "want-reminders" if wanted else "refuse-reminders"
        note(session, who.actor, act, "visit", str(who.visit), now)


def _holder(session: Session, token: str, offset: timedelta) -> Holder:
    found = holder(session, token, UNSUBSCRIBE, offset)
    if found is None or found.email_hash is None:
        raise Unauthorized
    return found
