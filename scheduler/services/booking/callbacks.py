"""Somebody whose answers say that the clinic must speak with them asks to be called."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import orjson
from sqlalchemy import Boolean, Text, cast, exists, func, literal_column, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from scheduler.db.dropping import drop_some
from scheduler.db.models import Callback, Task
from scheduler.db.secrets import Vault
from scheduler.domain.errors import TriageRequired
from scheduler.domain.gate import is_open, phone_now
from scheduler.domain.tasks import TaskKind
from scheduler.domain.triage import Outcome, Result, Texts
from scheduler.services.ground.desk import Desk
from scheduler.services.tasks.opening import open_task

CALLABLE = frozenset({Outcome.EMERGENCY, Outcome.SAME_DAY_CALL})


CAUSE = "callback:"
"""Begins the cause of their tasks; the id of the row follows."""


@dataclass(frozen=True, slots=True)
class CallRequest:
    """Whom to call: with the token of their answers, opened."""

    result: Result | None
    name: str
    phone: str
    """In E.164."""
    language: str


@dataclass(frozen=True, slots=True)
class CallPromise:
    """What the clinic says to that; while it is closed, no call today."""

    open: bool
    texts: tuple[Texts, ...]
    phone: str


def ask_for_call(desk: Desk, asked: CallRequest) -> CallPromise:
    """A task for staff, which alerts until somebody takes it; the same answers once more only correct it.

    Raises TriageRequired for answers that ask for no call, and for those that are too old.
    """

    def work(session: Session) -> CallPromise:
        moment = desk.clinics.moment(session)
        clinic, now, result = moment.clinic, moment.now, asked.result
        rules = clinic.triage
        if rules is None or result is None or result.outcome not in CALLABLE:
            raise TriageRequired
        if not result.counts(result.visit_type, rules.version, now):
            raise TriageRequired
        _enter(session, desk, asked, result, now)
        opens = is_open(clinic, now)
        said = rules.advice["called" if opens else "closed"]
        urgent = (rules.advice[Outcome.EMERGENCY],) if result.outcome is Outcome.EMERGENCY else ()
        return CallPromise(opens, (*urgent, said), phone_now(clinic, rules, now))

    return desk.db.attempt(work)


def _enter(session: Session, desk: Desk, asked: CallRequest, result: Result, now: datetime) -> None:
    vault, id = desk.secrets.vault, result.id
    said = {
        "name": vault.seal("callbacks.name", id, asked.name),
        "phone": vault.seal("callbacks.phone", id, asked.phone),
        "language": asked.language,
    }
    answers = vault.seal("callbacks.answers", id, orjson.dumps([result.outcome, *result.rules]).decode())
    row = upsert(Callback).values(id=id, answers=answers, created_at=now, **said)
    row = row.on_conflict_do_update(index_elements=["id"], set_=said)
    if session.execute(row.returning(literal_column("xmax = 0", Boolean))).scalar_one():
        open_task(session, TaskKind.CALLBACK, None, f"{CAUSE}{id}", now, now)


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom staff are to call."""

    name: str
    phone: str
    language: str


def callers(session: Session, vault: Vault, causes: Iterable[str]) -> dict[str, Caller]:
    """Whom to call, by the cause of a task; for tasks that are no callbacks there is nobody."""
    ids = [UUID(cause.removeprefix(CAUSE)) for cause in causes if cause.startswith(CAUSE)]
    rows = session.scalars(select(Callback).where(Callback.id.in_(ids))) if ids else ()
    return {
        f"{CAUSE}{row.id}": Caller(
            vault.open("callbacks.name", row.id, row.name),
            vault.open("callbacks.phone", row.id, row.phone),
            row.language,
        )
        for row in rows
    }


def was_asked_for(session: Session, result: Result) -> bool:
    """Whether somebody with these answers left a number."""
    return session.get(Callback, result.id) is not None


def forget_calls(desk: Desk, now: datetime) -> int:
    """Drop who asked to be called, as long after the call as the clinic file says; how many."""
    cause = func.concat(CAUSE, cast(Callback.id, Text))
    still_open = exists().where(Task.cause == cause, Task.done_at.is_(None))
    with desk.db.transaction() as session:
        keep = timedelta(minutes=desk.clinics.moment(session).clinic.keep_callbacks)
        return drop_some(session, Callback, Callback.created_at < now - keep, ~still_open)
