"""A patient's calendar answers an invite: yes is a confirmation, no is a question for people."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from scheduler.calendars.replies import Answer, Attendee
from scheduler.db.models import InviteAnswer, Recipient, Visit
from scheduler.domain.actors import Actor, ActorKind
from scheduler.domain.inbound import InboundOutcome
from scheduler.domain.people import fold_email
from scheduler.domain.tasks import TaskKind
from scheduler.domain.visits import EXPECTED, Act, VisitStatus
from scheduler.services.audit.writing import acted, note_act
from scheduler.services.changes.scene import Order, carry_out_within
from scheduler.services.changes.simple import confirm
from scheduler.services.ground.desk import Desk
from scheduler.services.inbound.declining import tell_that_it_stands
from scheduler.services.inbound.effects import Effect
from scheduler.services.people.recipients import PATIENT, involved
from scheduler.services.tasks.opening import open_task

LONGEST_STATE = 32
"""Characters of a PARTSTAT; nobody needs more."""
AHEAD = timedelta(days=1)
"""No stamp counts as later than so long from now: a clock that is years ahead has not the last word."""


def take_answer(session: Session, desk: Desk, answer: Answer, now: datetime) -> Effect:
    """The answer of whoever was invited, if it is newer than what we have; nobody else's changes anything."""
    if answer.method not in ("REPLY", "COUNTER"):
        return Effect(InboundOutcome.OTHER)
    visit = _visit(session, answer.uid)
    if visit is None:
        return Effect(InboundOutcome.UNKNOWN)
    invited = _invited(session, desk, visit, answer)
    if invited is None:
        _ask_staff(session, TaskKind.STRANGER, visit, "stranger", now)
        return Effect(InboundOutcome.STRANGER, visit.id)
    who, said = invited
    if answer.sequence > visit.sequence or not _is_newest(session, who, said, answer, now):
        return Effect(InboundOutcome.STALE, visit.id)
    return _act(session, desk, visit, who, said, answer, now)


def _act(
    session: Session, desk: Desk, visit: Visit, who: Recipient, said: Attendee, answer: Answer, now: datetime
) -> Effect:
    current = answer.sequence == visit.sequence and visit.status in EXPECTED and visit.ends_at > now
    if answer.method == "COUNTER" and current:
        _ask_staff(session, TaskKind.COUNTERED, visit, str(who.id), now)
        return Effect(InboundOutcome.COUNTERED, visit.id)
    if said.partstat == "DELEGATED" and current:
        _ask_staff(session, TaskKind.DELEGATED, visit, str(who.id), now)
        return Effect(InboundOutcome.DELEGATED, visit.id)
    if said.partstat == "ACCEPTED" and current and visit.status == VisitStatus.BOOKED:
        order = Order(visit.id, Act.CONFIRM, _actor(who), reason="invite")
        due = carry_out_within(desk, order, confirm, session).due
        return Effect(InboundOutcome.CONFIRMED, visit.id, due=due)
    if said.partstat == "DECLINED" and current:
        return _decline(session, visit, who, now)
    return Effect(InboundOutcome.RECORDED, visit.id)


def _decline(session: Session, visit: Visit, who: Recipient, now: datetime) -> Effect:
    """It cancels nothing: a thumb slips, a calendar declines what overlaps."""
    visit.confirmed_at = None
    visit.version += 1
    status = VisitStatus(visit.status)
    act = acted(visit.id, _actor(who), Act.SAY_NO, status, status, visit.sequence, now, "invite")
    note_act(session, act)
    _ask_staff(session, TaskKind.DECLINED, visit, str(who.id), now)
    due = tell_that_it_stands(session, visit, who, now)
    return Effect(InboundOutcome.DECLINED, visit.id, due=due)


def _visit(session: Session, uid: str) -> Visit | None:
    """The visit, locked. A UID is a string here too: what is no UUID is none of ours."""
    try:
        ours = UUID(uid)
    except ValueError:
        return None
    return session.scalars(
        select(Visit).where(Visit.uid == ours).with_for_update(key_share=True)
    ).one_or_none()


def _invited(session: Session, desk: Desk, visit: Visit, answer: Answer) -> tuple[Recipient, Attendee] | None:
    """Who answers, of those to whom the invite went."""
    hashes = {desk.secrets.lookup.hash("email", fold_email(each.address)): each for each in answer.attendees}
    for who in session.scalars(involved(visit.id)):
        if who.email_hash in hashes:
            return who, hashes[who.email_hash]
    return None


def _is_newest(session: Session, who: Recipient, said: Attendee, answer: Answer, now: datetime) -> bool:
    """Write it down, unless there is a newer one, or the same."""
    stamp = min(answer.stamp, f"{now + AHEAD:%Y%m%dT%H%M%SZ}")
    row = {
        "recipient_id": who.id,
        "sequence": answer.sequence,
        "stamp": stamp,
        "partstat": said.partstat[:LONGEST_STATE],
        "at": now,
    }
    newer = tuple_(InviteAnswer.sequence, InviteAnswer.stamp) < tuple_(answer.sequence, stamp)
    entered = (
        upsert(InviteAnswer)
        .values(row)
        .on_conflict_do_update(index_elements=["recipient_id"], set_=row, where=newer)
        .returning(InviteAnswer.recipient_id)
    )
    return session.execute(entered).first() is not None


def _ask_staff(session: Session, kind: TaskKind, visit: Visit, cause: str, now: datetime) -> None:
    open_task(session, kind, visit.id, cause, now, now)


def _actor(who: Recipient) -> Actor:
    return Actor(ActorKind.PATIENT if who.role == PATIENT else ActorKind.BOOKED_BY)
