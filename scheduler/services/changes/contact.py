"""Reaching somebody elsewhere: another address is another recipient, whose links nobody else has seen."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from scheduler.db.models import Message, Recipient
from scheduler.domain.errors import Fault, Forbidden, Invalid
from scheduler.domain.messages import WITH_ENTRY, ChannelName, MessageKind, MessageState, plan_withdrawal
from scheduler.domain.people import Contact, fold_email
from scheduler.domain.visits import VisitStatus
from scheduler.services.changes.roles import find_recipient, whose
from scheduler.services.changes.scene import Scene
from scheduler.services.people.links import end_links, renew_links
from scheduler.services.people.recipients import (
    FORMER,
    contact_columns,
    contact_of,
    enter_recipient,
    involved,
)
from scheduler.services.telling.carrying import carry_over, compose_anew
from scheduler.services.telling.planning import enter, message_row
from scheduler.services.telling.reaching import reach_of, who_hears
from scheduler.services.telling.relinking import links, sent_before
from scheduler.services.telling.rerouting import replan, was_texted

TOLD_ANEW = frozenset({VisitStatus.PENDING, VisitStatus.BOOKED})
"""Statuses in which somebody new has to hear of a visit; in the later ones the patient is there."""


@dataclass(frozen=True, slots=True)
class ContactChange:
    """What is to change about how somebody is reached."""

    fields: Mapping[str, Any]
    """Of email, phone, language and timezone those that change; None takes one away."""
    role: str | None = None
    """Whose; None is the patient for staff, oneself for everybody else."""
    notice: bool = True
    """Whether an address that is given up hears of it. Only staff may spare it."""


def change_contact(scene: Scene, change: ContactChange) -> None:
    """Reach somebody as they wish from now on. Raises Forbidden, Invalid."""
    if not change.notice and not scene.order.actor.is_staff:
        raise Forbidden
    who = find_recipient(scene, whose(scene, change.role))
    was = contact_of(scene.desk, who)
    wanted = _wanted(scene, was, change)
    if wanted == was:
        scene.idle = True
        return
    _check_reachable(scene, who, wanted)
    if was.email and was.email != wanted.email:
        _move(scene, who, wanted, change.notice)
    else:
        _rewrite(scene, who, wanted)


def _wanted(scene: Scene, was: Contact, change: ContactChange) -> Contact:
    """An address that only is spelled otherwise is the same one."""
    wanted = replace(was, **change.fields)
    if wanted.language not in (was.language, *scene.moment.clinic.languages):
        raise Invalid([Fault("/language", "not-offered")])
    if was.email and wanted.email and fold_email(was.email) == fold_email(wanted.email):
        return replace(wanted, email=was.email)
    return wanted


def _check_reachable(scene: Scene, who: Recipient, wanted: Contact) -> None:
    """Raises Invalid where nobody could be told anything any more."""
    everybody = scene.session.scalars(involved(scene.visit.id)).all()
    others = any(each.receives and (each.email or each.phone) for each in everybody if each is not who)
    if not others and not (who.receives and (wanted.email or wanted.phone)):
        raise Invalid([Fault("", "no-contact")])


def _rewrite(scene: Scene, who: Recipient, wanted: Contact) -> None:
    """In place: whoever has the links is still the same, but for those that went to another number."""
    had_address, old_number = who.email is not None, who.phone_hash
    for name, value in contact_columns(scene.desk, who.id, wanted).items():
        setattr(who, name, value)
    scene.session.flush()
    if who.phone_hash != old_number and was_texted(scene.session, who.id):
        _relink(scene, who)
    scene.due += compose_anew(scene.session, who.id)
    replan(scene.session, who.id, scene.moment.now)
    if not had_address:
        tell_newcomer(scene, who)


def _relink(scene: Scene, who: Recipient) -> None:
    """What a number was sent opens nothing any more, and neither does the same in a mail: other links go to
    wherever somebody is still reached."""
    session, visit, now = scene.session, scene.visit, scene.moment.now
    renew_links(session, scene.desk, who)
    session.flush()
    if reach := reach_of(session, [who.id]).get(who.id):
        planned = links(sent_before(session, who.id), visit.ends_at, now)
        rows = [message_row(scene.about, who.id, each, planned, now) for each in reach.reached]
        scene.due += enter(session, rows, now)


def _move(scene: Scene, who: Recipient, wanted: Contact, notice: bool) -> None:
    """The old address is out of it; a new one hears of the visit as if for the first time.

    SEQUENCE rises, so that no calendar takes the one mail for older than the other; others notice nothing.
    """
    role, receives, relationship = who.role, who.receives, who.relationship
    has_entry = _has_entry(scene.session, who)
    retire(scene, who)
    new = enter_recipient(scene.session, scene.desk, scene.visit.id, role, wanted, receives=receives)
    entered = scene.session.get_one(Recipient, new)
    entered.relationship = relationship
    if scene.holder == who.id:
        scene.holder = new
    if receives:
        scene.raise_sequence()
        scene.due += carry_over(scene.session, scene.visit.id, scene.visit.sequence)
        if has_entry and notice:
            _withdraw(scene, who)
        tell_newcomer(scene, entered)


def retire(scene: Scene, who: Recipient) -> None:
    """Somebody has no more to do with the visit: their links end, and what was planned for them."""
    former = select(func.count()).where(
        Recipient.visit_id == scene.visit.id, Recipient.role.startswith(FORMER)
    )
    who.role = f"{FORMER}{scene.session.execute(former).scalar_one() + 1}"
    who.receives = False
    end_links(scene.session, who)
    scene.void_planned(Message.recipient_id == who.id)
    scene.session.flush()


def tell_newcomer(scene: Scene, who: Recipient) -> None:
    """Tell a visit to somebody who was not told of it yet, and to nobody else."""
    session, visit = scene.session, scene.visit
    session.flush()
    told = [each for each in who_hears(session, visit.id) if each.recipient == who.id]
    if told and scene.status in TOLD_ANEW and visit.starts_at > scene.moment.now:
        pending = scene.status is VisitStatus.PENDING
        scene.plan(told, scene.news(MessageKind.RECEIVED if pending else MessageKind.CONFIRMED))


def _withdraw(scene: Scene, who: Recipient) -> None:
    planned = plan_withdrawal(scene.visit.starts_at, scene.moment.now)
    row = message_row(scene.about, who.id, ChannelName.EMAIL, planned, scene.moment.now)
    scene.due += enter(scene.session, [row], scene.moment.now)


def _has_entry(session: Session, who: Recipient) -> bool:
    """Whether the visit may stand in the calendar of whoever has the old address."""
    handed_over = exists().where(
        Message.recipient_id == who.id,
        Message.channel == ChannelName.EMAIL,
        Message.kind.in_(WITH_ENTRY),
        Message.handoffs > 0,
        Message.state != MessageState.FAILED,
    )
    return bool(session.execute(select(handed_over)).scalar_one())
