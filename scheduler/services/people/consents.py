"""Consents as they are kept: who agreed to which words, when and from where; and who agreed to what.

The last word that somebody gave to a kind counts; a text of another version is another text.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, insert, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.operators import ColumnOperators

from scheduler.db.models import Consent, Recipient
from scheduler.domain.actors import Actor
from scheduler.domain.clinic import Clinic, ConsentText, Mode
from scheduler.domain.consents import ConsentKind, Decision, digest, missing, read_in


@dataclass(frozen=True, slots=True)
class Giver:
    """Whose word it is, and who brings it."""

    visit: UUID
    recipient: UUID
    role: str
    language: str
    phone_hash: bytes | None
    actor: Actor
    client: bytes | None = None
    """Keyed hash of the address that it came from."""


def enter(session: Session, giver: Giver, said: Iterable[Decision], now: datetime) -> None:
    """Write down what somebody said."""
    if rows := consent_rows(giver, said, now):
        session.execute(insert(Consent.table()), rows)


def consent_rows(giver: Giver, said: Iterable[Decision], now: datetime) -> list[dict[str, Any]]:
    """Consent to texts is a number's: without one there is nothing to keep."""
    return [
        _row(giver, each, now)
        for each in said
        if each.text.kind != ConsentKind.SMS or giver.phone_hash is not None
    ]


def _row(giver: Giver, said: Decision, now: datetime) -> dict[str, Any]:
    text, language = said.text, read_in(said.text, giver.language)
    return {
        "visit_id": giver.visit,
        "recipient_id": giver.recipient,
        "kind": text.kind,
        "version": text.version,
        "language": language,
        "text_sha256": digest(text, language),
        "granted": said.granted,
        "given_by": giver.role,
        "actor": str(giver.actor),
        "contact_hash": giver.phone_hash if text.kind == ConsentKind.SMS else None,
        "client": giver.client,
        "at": now,
    }


_WORDS = (
    select(Consent.given_by, Consent.kind, Consent.version, Consent.granted)
    .where(Consent.visit_id == bindparam("visit"))
    .order_by(Consent.id)
)


def agreed(session: Session, visit: UUID, roles: Sequence[str] = ()) -> set[str]:
    """What is agreed to for a visit, as `kind:version`; by anybody, or by those in one of the roles."""
    words = session.execute(_WORDS, {"visit": visit})
    last = {(by, kind): (version, granted) for by, kind, version, granted in words}
    return {
        f"{kind}:{version}"
        for (by, kind), (version, granted) in last.items()
        if granted and (not roles or by in roles)
    }


def lacking(
    session: Session, clinic: Clinic, mode: Mode, visit: UUID, roles: Sequence[str] = ()
) -> list[ConsentText]:
    """What somebody (in one of the roles, where some are named) still has to agree to before such a visit.

    At the gate of a telemedicine visit ask for the role `patient`: what another adult agreed to is asked
    again of the patient; for a minor ask for `booked_by`, the guardian.
    """
    return missing(clinic, mode, agreed(session, visit, roles))


def evidence(session: Session, visit: UUID) -> Sequence[Consent]:
    """All that was said about a visit, the first word first."""
    return session.scalars(select(Consent).where(Consent.visit_id == visit).order_by(Consent.id)).all()


def _last_word_on_texts(phone_hash: ColumnOperators | bytes) -> ColumnElement[bool | None]:
    words = select(Consent.granted).where(Consent.kind == ConsentKind.SMS, Consent.contact_hash == phone_hash)
    return words.order_by(Consent.id.desc()).limit(1).correlate(Recipient).scalar_subquery()


WANTS_TEXTS: ColumnElement[bool] = _last_word_on_texts(Recipient.phone_hash).is_(True)
"""Whoever has the recipient's number agreed to texts: a condition for queries on recipients."""


def wants_texts(session: Session, phone_hash: bytes) -> bool:
    """Whether consent to texts is on file for a number (its keyed hash), whatever version it was given to."""
    return bool(session.execute(select(_last_word_on_texts(phone_hash))).scalar_one())
