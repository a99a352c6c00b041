"""The answer to "Not you?": somebody who is not the patient hears nothing more."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy import Select, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from scheduler.db.models import Message, Recipient, Suppression, Visit
from scheduler.domain.errors import Unauthorized
from scheduler.domain.messages import ChannelName, MessageState
from scheduler.domain.tasks import TaskKind
from scheduler.domain.visits import EXPECTED, Act, VisitStatus
from scheduler.services.desk import Desk
from scheduler.services.history import note_act
from scheduler.services.links import LASTS, Holder, holder, renew_links
from scheduler.services.recipients import IS_INVOLVED, MANAGE, NOT_YOU
from scheduler.services.tasks import open_task


def disown(desk: Desk, token: str) -> None:
    """Nothing more goes to the address to which this token went, and nothing that went there opens a visit.

    Again, it changes nothing. Raises Unauthorized.
    """
    desk.db.attempt(partial(_disown, desk, token))


def _disown(desk: Desk, token: str, session: Session) -> None:
    now = desk.db.now(session)
    found = holder(session, token, NOT_YOU, now)
    if found is None:
        raise Unauthorized
    if found.email_hash is None or not _suppress(session, found.email_hash, now):
        return
    for visit in _visits(session, found.email_hash, now):
        _leave(desk, session, visit, found, now)


def _suppress(session: Session, email_hash: bytes, now: datetime) -> bool:
    """Whether it was not yet. Of two at once, the second waits for the first and finds it done."""
    row = {"channel": ChannelName.EMAIL, "contact_hash": email_hash, "since": now, "reason": Act.NOT_YOU}
    entered = upsert(Suppression).values(row).on_conflict_do_nothing().returning(Suppression.channel)
    return session.execute(entered).first() is not None


def _visits(session: Session, email_hash: bytes, now: datetime) -> Sequence[Visit]:
    """Those whose links are good for something, locked."""
    theirs = select(Recipient.visit_id).where(Recipient.email_hash == email_hash)
    return session.scalars(
        select(Visit)
        .where(Visit.id.in_(theirs), Visit.ends_at > now - LASTS[MANAGE])
        .order_by(Visit.id)
        .with_for_update(key_share=True)
    ).all()


def _leave(desk: Desk, session: Session, visit: Visit, who: Holder, now: datetime) -> None:
    """One visit of the address: its links end, its messages too, and staff are told if it is still to be."""
    at_address = Recipient.visit_id == visit.id, Recipient.email_hash == who.email_hash
    _skip_planned(session, select(Recipient.id).where(*at_address), now)
    involved = session.scalars(select(Recipient).where(*at_address, IS_INVOLVED)).all()
    if not involved:
        return
    for each in involved:
        renew_links(session, desk, each)
    visit.version += 1
    status = VisitStatus(visit.status)
    note_act(session, visit.id, who.actor, Act.NOT_YOU, status, status, visit.sequence, now)
    if status in EXPECTED and visit.ends_at > now:
        open_task(session, TaskKind.NOT_YOU, visit.id, str(involved[0].id), now, now)


def _skip_planned(session: Session, recipients: Select[UUID], now: datetime) -> None:
    planned = Message.recipient_id.in_(recipients), Message.state == MessageState.PENDING
    session.execute(update(Message).where(*planned).values(state=MessageState.SKIPPED, finished_at=now))
