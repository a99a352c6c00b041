"""The answer to "Not you?": somebody who is not the patient hears nothing more."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from scheduler.db.models import Recipient, Visit
from scheduler.domain.actors import Actor
from scheduler.domain.errors import Unauthorized
from scheduler.domain.messages import ChannelName
from scheduler.domain.tasks import TaskKind
from scheduler.domain.visits import EXPECTED, Act, VisitStatus
from scheduler.services.audit.writing import acted, note_act
from scheduler.services.ground.desk import Desk
from scheduler.services.people.links import holder, renew_links
from scheduler.services.people.recipients import IS_INVOLVED, NOT_YOU
from scheduler.services.tasks.opening import open_task
from scheduler.services.telling.carrying import compose_anew
from scheduler.services.telling.suppressing import suppress, visits_told


def disown(desk: Desk, token: str) -> None:
    """Nothing more goes to the address to which this token went, and nothing that went there opens a visit.

    Again, it changes nothing. Raises Unauthorized.
    """
    desk.db.attempt(partial(_disown, desk, token))


def check_not_you(desk: Desk, token: str) -> None:
    """Raises Unauthorized for a token that was not given out with a mail, or too long ago."""
    with desk.db.single() as connection:
        if holder(connection, token, NOT_YOU, desk.db.offset) is None:
            raise Unauthorized


def _disown(desk: Desk, token: str, session: Session) -> None:
    now = desk.db.now(session)
    found = holder(session, token, NOT_YOU, desk.db.offset)
    if found is None:
        raise Unauthorized
    if found.email_hash is None:
        return
    if not suppress(session, ChannelName.EMAIL, found.email_hash, Act.NOT_YOU, now):
        return
    theirs = Recipient.email_hash == found.email_hash
    for visit in visits_told(session, ChannelName.EMAIL, found.email_hash, now):
        for who in end_access(desk, session, visit, theirs, found.actor, TaskKind.NOT_YOU, now):
            session.flush()
            compose_anew(session, who.id)


def end_access(
    desk: Desk,
    session: Session,
    visit: Visit,
    theirs: ColumnElement[bool],
    actor: Actor,
    kind: TaskKind,
    now: datetime,
) -> Sequence[Recipient]:
    """What went to somebody else about a visit opens nothing any more, and staff are told if it is still to
    be; `theirs` says which of its recipients those are, who are given back. Lock the visit before.
    """
    found = select(Recipient).where(Recipient.visit_id == visit.id, theirs, IS_INVOLVED)
    involved = session.scalars(found).all()
    if not involved:
        return involved
    for each in involved:
        renew_links(session, desk, each)
    visit.version += 1
    status = VisitStatus(visit.status)
    note_act(session, acted(visit.id, actor, Act.NOT_YOU, status, status, visit.sequence, now))
    if status in EXPECTED and visit.ends_at > now:
        open_task(session, kind, visit.id, str(involved[0].id), now, now)
    return involved
