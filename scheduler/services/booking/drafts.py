"""Booking forms between their pages: sealed rows that last an hour, and are emptied by the booking."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import orjson
from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from scheduler.db.dropping import drop_some
from scheduler.db.models import FormDraft
from scheduler.domain.clinic import Mode
from scheduler.domain.drafts import LASTS, Draft, KeptTime
from scheduler.domain.errors import NotFound
from scheduler.services.ground.desk import Desk

PLACE = "form_drafts.answers"


_HELD = select(FormDraft.answers).where(
    FormDraft.id == bindparam("id"), FormDraft.expires_at > bindparam("now")
)


def read(session: Session, desk: Desk, id: UUID, now: datetime) -> Draft:
    """Raises NotFound for a form that was never begun, or has ended."""
    sealed = session.execute(_HELD, {"id": id, "now": now}).scalar_one_or_none()
    if sealed is None:
        raise NotFound
    return _draft(orjson.loads(desk.secrets.vault.open(PLACE, id, sealed)))


def save(session: Session, desk: Desk, id: UUID, draft: Draft, now: datetime) -> None:
    """For another hour. What was booked stays booked: an answer of another window does not undo it."""
    said = orjson.dumps({field.name: getattr(draft, field.name) for field in fields(Draft)}).decode()
    row = {
        "answers": desk.secrets.vault.seal(PLACE, id, said),
        "booked": draft.visit is not None,
        "expires_at": now + LASTS,
    }
    open_still = FormDraft.booked.is_(False)
    entered = upsert(FormDraft).values(id=id, **row)
    session.execute(entered.on_conflict_do_update(index_elements=["id"], set_=row, where=open_still))


def begin(session: Session, desk: Desk, draft: Draft, now: datetime) -> UUID:
    """The id of a new form: 122 random bits, which are all that opens it."""
    id = uuid4()
    save(session, desk, id, draft, now)
    return id


def finish(session: Session, desk: Desk, id: UUID, draft: Draft, visit: UUID, now: datetime) -> None:
    """Nothing stays but what was booked, so that the last page can be looked at again."""
    last = Draft(site=draft.site, language=draft.language, zone=draft.zone, visit=visit)
    save(session, desk, id, last, now)


def drop_ended(session: Session, now: datetime) -> int:
    """How many."""
    return drop_some(session, FormDraft, FormDraft.expires_at <= now)


def _draft(said: Mapping[str, Any]) -> Draft:
    own = {
        "mode": Mode(said["mode"]) if said["mode"] else None,
        "needs": _tuple(said["needs"]),
        "consents": _tuple(said["consents"]),
        "time": _time(said["time"]) if said["time"] else None,
        "visit": UUID(said["visit"]) if said["visit"] else None,
    }
    return Draft(**{**said, **own})


def _tuple(said: list[str] | None) -> tuple[str, ...] | None:
    return tuple(said) if said is not None else None


def _time(said: Mapping[str, Any]) -> KeptTime:
    return KeptTime(
        start=datetime.fromisoformat(said["start"]),
        location=said["location"],
        practitioner=said["practitioner"],
        hold=UUID(said["hold"]) if said["hold"] else None,
        until=datetime.fromisoformat(said["until"]) if said["until"] else None,
    )
