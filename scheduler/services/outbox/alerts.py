"""Alerts on their way: whether they are still needed, and what they say."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, select
from sqlalchemy.orm import Session

from scheduler.channels.mime import Mail
from scheduler.channels.sms.text import Text
from scheduler.db.engine import CLOCK
from scheduler.db.models import Task
from scheduler.domain.alerts import alert_contact
from scheduler.domain.clinic import Clinic
from scheduler.domain.messages import MessageState
from scheduler.messages.alerts import AlertFacts, render_alert, render_alert_sms
from scheduler.services.ground.desk import Desk
from scheduler.services.outbox.claiming import ClaimedAlert
from scheduler.services.outbox.content import message_id

_LOCK_TASK = (
    select(Task.claimed_by, Task.done_at, CLOCK)
    .where(Task.id == bindparam("task"))
    .with_for_update(key_share=True)
)


def lock_task(session: Session, held: ClaimedAlert) -> Row[Any]:
    """What `unneeded` asks of it, as it is while we hold it."""
    return session.execute(_LOCK_TASK, {"task": held.task}).one()


def unneeded(_: Session, held: ClaimedAlert, task: Row[Any], now: datetime) -> MessageState | None:
    """What becomes of an alert whose task somebody has taken or done; None while it waits."""
    return None if task.claimed_by is None and task.done_at is None else MessageState.SUPERSEDED


def alert_mail(session: Session, desk: Desk, held: ClaimedAlert) -> Mail | None:
    """The mail of a claimed alert; None where the clinic file no longer names anybody in its place."""
    clinic = desk.clinics.version(session, held.clinic_version)
    facts, email = _facts(session, desk, clinic, held)
    if email is None:
        return None
    text = render_alert(facts)
    return Mail(
        message_id=message_id(held.message_id, clinic),
        date=held.made_at,
        sender=clinic.sender,
        recipient=email,
        subject=text.subject,
        text=text.text,
        html=text.html,
        template_version=text.template_version,
    )


def alert_text(session: Session, desk: Desk, held: ClaimedAlert) -> Text | None:
    """The text of a claimed alert; None where the clinic file no longer names anybody in its place."""
    clinic = desk.clinics.version(session, held.clinic_version)
    facts, phone = _facts(session, desk, clinic, held)
    if phone is None:
        return None
    text = render_alert_sms(facts)
    now = desk.db.now(session)
    return Text(
        id=held.message_id,
        to=phone,
        body=text.body,
        made_at=held.made_at,
        valid_for=int((held.expires_at - now).total_seconds()),
        timestamp=desk.db.timestamp(now),
        template_version=text.template_version,
    )


def _facts(session: Session, desk: Desk, clinic: Clinic, held: ClaimedAlert) -> tuple[AlertFacts, str | None]:
    """What it says, and whom to."""
    task = session.execute(select(Task.kind).where(Task.id == held.task)).scalar_one()
    contact = alert_contact(clinic, task, held.step, held.to, held.channel)
    return AlertFacts(clinic.languages[0], clinic.sender.name, task, desk.staff_link), contact
