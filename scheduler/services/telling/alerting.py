"""People of the clinic are told of what they have to do: messages that are about a task and no visit."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from scheduler.db.models import Message, Task
from scheduler.domain.alerts import COUNTS, PlannedAlert, plan_alerts
from scheduler.domain.messages import QUEUES, MessageKind, MessageState
from scheduler.services.ground.desk import Desk


def tell_of_new(desk: Desk, now: datetime) -> int:
    """Plan the alerts of tasks that nobody has taken or heard of; of how many tasks."""
    with desk.db.transaction() as session:
        tasks = _unheard_of(session)
        if not tasks:
            return 0
        clinic = desk.clinics.moment(session).clinic
        rows = [_row(id, each, now) for id, kind in tasks for each in plan_alerts(clinic, kind, now)]
        if rows:
            session.execute(upsert(Message.table()).on_conflict_do_nothing(), rows)
        return len({row["task_id"] for row in rows})


def _unheard_of(session: Session) -> Sequence[tuple[int, str]]:
    planned = exists().where(Message.task_id == Task.id)
    new = select(Task.id, Task.kind).where(Task.done_at.is_(None), Task.claimed_by.is_(None), ~planned)
    return [(id, kind) for id, kind in session.execute(new.order_by(Task.id))]


def _row(task: int, each: PlannedAlert, now: datetime) -> dict[str, Any]:
    return {
        "task_id": task,
        "alert_step": each.step,
        "alert_to": each.to,
        "sequence": 0,
        "kind": MessageKind.ALERT,
        "offset_minutes": 0,
        "channel": each.channel,
        "queue": QUEUES[MessageKind.ALERT],
        "state": MessageState.PENDING,
        "due_at": each.due_at,
        "expires_at": each.due_at + COUNTS,
        "next_at": each.due_at,
        "message_id": uuid4().hex,
        "created_at": now,
    }
