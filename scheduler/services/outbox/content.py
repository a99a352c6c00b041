"""What a message says: a pure function of its row, so that every attempt has the same bytes."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from scheduler.calendars.invite import Method
from scheduler.channels.mime import Mail
from scheduler.db.models import Message, Recipient, Visit
from scheduler.domain.clinic import Clinic, Mode
from scheduler.domain.messages import ASKS_WHERE, REMOVING, WITH_ENTRY, ChannelName, MessageKind
from scheduler.domain.visits import VisitStatus
from scheduler.messages.facts import MessageFacts
from scheduler.messages.render import render
from scheduler.services.ground.desk import Desk
from scheduler.services.outbox.claiming import Claimed, Held
from scheduler.services.outbox.entries import Made, entry_of
from scheduler.services.outbox.told import believed_start
from scheduler.services.people.recipients import JOIN, MANAGE, NOT_YOU
from scheduler.services.telling.reminding import make_known, unsubscribe_token

TOLD_OF_BOOKING = frozenset({MessageKind.CONFIRMED, MessageKind.CHANGED})
"""Whoever got one of these last believes in the visit."""
# Put together once: these are the statements of every message.
_ROWS = (
    select(Visit, Recipient)
    .join(Recipient, Recipient.visit_id == Visit.id)
    .where(Recipient.id.in_(bindparam("recipients", expanding=True)))
)


def mail_of(session: Session, desk: Desk, held: Claimed) -> Mail:
    """The mail of a claimed message; by which templates it was made is noted in its row."""
    visit, recipient = rows_of(session, held)
    clinic = desk.clinics.version(session, held.clinic_version)
    email = _open(desk, recipient, "email")
    facts = facts_of(desk, clinic, held.kind, worded(session, held), visit, recipient)
    stop = desk.unsubscribe_link(unsubscribe_token(desk, recipient)) if _has_stop_link(held) else None
    facts = replace(facts, asks_where=_asks_where(held, visit), stop_link=stop)
    text = render(facts)
    # A CANCEL goes to those too to whom no REQUEST was handed over: their calendars find nothing to remove,
    # and some hold the entry all the same, from the invite that the visit's page gives out.
    method = Method.CANCEL if held.kind in REMOVING else Method.REQUEST
    if held.kind is MessageKind.WITHDRAWN:
        facts = _as_told(session, held, facts)
    made = Made(method, held.sequence, held.made_at)
    entry = entry_of(clinic, visit, facts, email, made) if held.kind in WITH_ENTRY else None
    return Mail(
        message_id=message_id(held.message_id, clinic),
        date=held.made_at,
        sender=clinic.sender,
        recipient=email,
        subject=text.subject,
        text=text.text,
        html=text.html,
        calendar=entry,
        calendar_method=method,
        unsubscribe=stop,
        template_version=text.template_version,
        references=(message_id(held.first_told, clinic),) if held.first_told else (),
    )


def _asks_where(held: Claimed, visit: Visit) -> bool:
    near = visit.starts_at - held.made_at <= timedelta(minutes=ASKS_WHERE)
    return near and held.kind is MessageKind.REMINDER and visit.mode == Mode.TELEMEDICINE


def _has_stop_link(held: Claimed) -> bool:
    return held.kind is MessageKind.REMINDER and held.channel is ChannelName.EMAIL


def message_id(token: str, clinic: Clinic) -> str:
    """The Message-ID of a mail, in the clinic's own mail domain."""
    return f"<{token}@{clinic.sender.email.rpartition('@')[2]}>"


def rows_of(session: Session, held: Claimed) -> tuple[Visit, Recipient]:
    """What a message is about, and whom it is for."""
    return session.get_one(Visit, held.visit), session.get_one(Recipient, held.recipient)


def look_up(session: Session, desk: Desk, held: Iterable[Held]) -> Sequence[object]:
    """The rows of all of these at once: as long as they are kept, the session asks for none again.

    The links that are in reminders alone are made known here.
    """
    told = [each for each in held if isinstance(each, Claimed)]
    rows = session.execute(_ROWS, {"recipients": {each.recipient for each in told}}).all() if told else ()
    reminded = {each.recipient for each in told if _has_stop_link(each)}
    make_known(session, desk, [who for _, who in rows if who.id in reminded])
    return rows


def _open(desk: Desk, recipient: Recipient, column: str) -> str:
    return desk.secrets.vault.open(f"recipients.{column}", recipient.id, getattr(recipient, column))


def worded(session: Session, held: Claimed) -> MessageKind:
    """The kind in whose words it is said: to somebody whom no confirmation went to, a change is one.

    Every attempt finds the same: an older message of the visit cannot pass the fence once this row is there,
    because its SEQUENCE is lower, so its count of hand-overs stands still. That it was handed over is
    counted, not that it was taken: what became of the last hand-over may be learned between two attempts.
    """
    if held.kind is not MessageKind.CHANGED:
        return held.kind
    handed_over = (
        select(Message.kind)
        .where(Message.visit_id == held.visit, Message.recipient_id == held.recipient)
        .where(Message.id < held.id, Message.handoffs > 0, Message.kind.in_(WITH_ENTRY))
        .order_by(Message.id.desc())
        .limit(1)
    )
    last = session.scalars(handed_over).first()
    return held.kind if last in TOLD_OF_BOOKING else MessageKind.CONFIRMED


def facts_of(
    desk: Desk, clinic: Clinic, kind: MessageKind, worded: MessageKind, visit: Visit, recipient: Recipient
) -> MessageFacts:
    """What a message of a kind may say to somebody, in the words of the same kind or of another."""
    practitioner = clinic.practitioner(visit.practitioner)
    place = clinic.location(visit.location) if visit.location else None
    assert practitioner
    joinable = visit.mode == Mode.TELEMEDICINE and kind not in REMOVING
    return MessageFacts(
        kind=worded,
        language=recipient.language,
        sender_name=clinic.sender.name,
        clinic_phone=(place and place.phone) or clinic.phone,
        first_name=_open(desk, recipient, "name").split()[0],
        practitioner=practitioner.message_name,
        mode=Mode(visit.mode),
        pending=visit.status == VisitStatus.PENDING,
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
        # By video the practitioner's own clock is nobody's: the patient goes by theirs or by the clinic's.
        zone=clinic.timezone if visit.mode == Mode.TELEMEDICINE else ZoneInfo(visit.zone),
        patient_zone=ZoneInfo(recipient.timezone) if recipient.timezone else None,
        place=place.address if place else None,
        manage_link=desk.manage_link(_token(desk, visit.id, recipient, MANAGE)),
        book_link=f"{desk.public_url}/book",
        join_link=desk.join_link(_token(desk, visit.id, recipient, JOIN)) if joinable else None,
        answer_by=visit.answer_by,
        not_you_link=desk.not_you_link(_token(desk, visit.id, recipient, NOT_YOU)),
    )


def _as_told(session: Session, held: Claimed, facts: MessageFacts) -> MessageFacts:
    """With the time that the entry shows which is to go: where the visit is now is not for this address."""
    start = next(iter(believed_start(session, held)), facts.starts_at)
    return replace(facts, starts_at=start, ends_at=start + (facts.ends_at - facts.starts_at))


def _token(desk: Desk, visit: UUID, recipient: Recipient, purpose: str) -> str:
    return desk.token(recipient.link_key, visit, recipient.id, purpose, recipient.link_generation)
