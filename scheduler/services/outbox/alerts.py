"""Alerts on their way: whether they are still needed, and what they say."""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from scheduler.channels.mime import Mail
from scheduler.db.models import Message, Task
from scheduler.domain.alerts import alert_address
from scheduler.domain.messages import MessageState
from scheduler.messages.alerts import AlertFacts, render_alert
from scheduler.services.desk import Desk
from scheduler.services.outbox.claiming import ClaimedAlert
from scheduler.services.outbox.content import message_id


def unneeded(session: Session, held: ClaimedAlert) -> MessageState | None:
    """What becomes of an alert whose task somebody has taken or done; None while it waits. Locks the task."""
    task = select(Task.claimed_by, Task.done_at).where(Task.id == held.task)
    claimed_by, done_at = session.execute(task.with_for_update(key_share=True)).one()
    return None if claimed_by is None and done_at is None else MessageState.SUPERSEDED


def alert_mail(session: Session, desk: Desk, held: ClaimedAlert) -> Mail | None:
    """The mail of a claimed alert; None where the clinic file no longer names anybody in its place."""
    clinic = desk.clinics.version(session, held.clinic_version)
    task = session.execute(select(Task.kind).where(Task.id == held.task)).scalar_one()
    email = alert_address(clinic, task, held.step, held.to)
    if email is None:
        return None
    facts = AlertFacts(clinic.languages[0], clinic.sender.name, task, desk.staff_link)
    text = render_alert(facts)
    mine = Message.id == held.id, Message.token == held.token
    session.execute(update(Message).where(*mine).values(template_version=text.template_version))
    return Mail(
        message_id=message_id(held.message_id, clinic),
        date=held.made_at,
        sender=clinic.sender,
        recipient=email,
        subject=text.subject,
        text=text.text,
        html=text.html,
    )
