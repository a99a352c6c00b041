"""Staff see what there is to do, take it, and say that it is done."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from scheduler.db.models import Task
from scheduler.db.secrets import Vault
from scheduler.domain.actors import Actor
from scheduler.domain.errors import NotFound, TaskTaken
from scheduler.services.audit.writing import note
from scheduler.services.booking.callbacks import Caller, callers
from scheduler.services.ground.desk import Desk
from scheduler.services.ground.pages import Page, cut
from scheduler.services.staff.phoning import Saying, sayings

LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class TaskView:
    id: int
    kind: str
    visit: UUID | None
    due: datetime
    created_at: datetime
    claimed_by: str | None
    claimed_at: datetime | None
    done_at: datetime | None
    done_by: str | None
    note: str | None
    call: Caller | None = None
    """Whom to call, where the task says so."""
    saying: Saying | None = None
    """What to say, where it is a message that did not reach them."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which tasks: what is left to do, or what is done."""

    open: bool = True
    kind: str | None = None
    visit: UUID | None = None


def list_tasks(
    session: Session,
    desk: Desk,
    wanted: Wanted,
    after: tuple[datetime, int] | None,
    limit: int,
    actor: Actor,
    now: datetime,
) -> Page[TaskView, int]:
    """The most urgent first. Notes and numbers are of patients: that they were read is audited."""
    query = select(Task).where(Task.done_at.is_(None) if wanted.open else Task.done_at.is_not(None))
    if wanted.kind is not None:
        query = query.where(Task.kind == wanted.kind)
    if wanted.visit is not None:
        query = query.where(Task.visit_id == wanted.visit)
    if after:
        query = query.where(tuple_(Task.due_at, Task.id) > after)
    found = session.scalars(query.order_by(Task.due_at, Task.id).limit(limit + 1)).all()
    page = cut(found, limit, lambda task: (task.due_at, task.id))
    views = _views(session, desk, page.items)
    if noted := [str(view.id) for view in views if view.note or view.call]:
        note(session, actor, "read-notes", "task", None, now, {"ids": noted, "count": len(noted)})
    return Page(views, page.next)


def claim(desk: Desk, id: int, actor: Actor) -> TaskView:
    """Take a task, so that nobody else does the same. Raises NotFound, TaskTaken."""

    def take(task: Task, now: datetime) -> None:
        _refuse_others(task, actor)
        task.claimed_by, task.claimed_at = str(actor), task.claimed_at or now

    return _change(desk, id, actor, "claim", take)


def release(desk: Desk, id: int, actor: Actor) -> TaskView:
    """Leave a task to others; also that of somebody who has gone home. Raises NotFound, TaskTaken."""

    def leave(task: Task, _: datetime) -> None:
        task.claimed_by = task.claimed_at = None

    return _change(desk, id, actor, "release", leave)


def finish(desk: Desk, id: int, actor: Actor, words: str | None) -> TaskView:
    """Say that a task is done, in words that are sealed. Raises NotFound, TaskTaken."""

    def end(task: Task, now: datetime) -> None:
        _refuse_others(task, actor)
        task.done_by, task.done_at = str(actor), now
        if words:
            task.note = desk.secrets.vault.seal(*_note_of(task), words)

    return _change(desk, id, actor, "finish", end)


def _change(
    desk: Desk, id: int, actor: Actor, act: str, change: Callable[[Task, datetime], None]
) -> TaskView:
    def work(session: Session) -> TaskView:
        task = session.get(Task, id, with_for_update={"key_share": True}) if id <= LARGEST_ID else None
        if task is None:
            raise NotFound
        if task.done_at is not None:
            raise TaskTaken
        now = desk.db.now(session)
        change(task, now)
        session.flush()
        note(session, actor, act, "task", str(id), now, {"kind": task.kind})
        return _views(session, desk, [task])[0]

    return desk.db.attempt(work)


def _refuse_others(task: Task, actor: Actor) -> None:
    if task.claimed_by not in (None, str(actor)):
        raise TaskTaken


def _note_of(task: Task) -> tuple[str, UUID]:
    """The vault ties a value to a row by a UUID; a task's number is one with many zeros."""
    return "tasks.note", UUID(int=task.id)


def _views(session: Session, desk: Desk, tasks: Sequence[Task]) -> list[TaskView]:
    vault = desk.secrets.vault
    to_call = callers(session, vault, [task.cause for task in tasks])
    to_say = sayings(session, desk, [task.id for task in tasks])
    return [_view(vault, task, to_call.get(task.cause), to_say.get(task.id)) for task in tasks]


def _view(vault: Vault, task: Task, call: Caller | None, saying: Saying | None) -> TaskView:
    return TaskView(
        id=task.id,
        kind=task.kind,
        visit=task.visit_id,
        due=task.due_at,
        created_at=task.created_at,
        claimed_by=task.claimed_by,
        claimed_at=task.claimed_at,
        done_at=task.done_at,
        done_by=task.done_by,
        note=vault.open(*_note_of(task), task.note) if task.note else None,
        call=call or (saying.call if saying else None),
        saying=saying,
    )
