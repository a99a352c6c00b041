"""Who gets hooks: endpoints, their secrets, and the end of them."""

import base64
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from scheduler.channels.webhook import SECRET
from scheduler.db.models import Message, WebhookEndpoint
from scheduler.db.secrets import Vault
from scheduler.domain.actors import Actor
from scheduler.domain.destinations import NotAllowed, destination
from scheduler.domain.errors import Fault, Invalid, NotFound
from scheduler.domain.hooks import BOTH_SIGN
from scheduler.domain.messages import MessageState
from scheduler.services.audit.writing import note
from scheduler.services.ground import idempotency
from scheduler.services.ground.desk import Desk
from scheduler.services.ground.idempotency import Repeatable

OBJECT = "webhook"
SECRET_BYTES = 32
BY_STAFF = "by-staff"
"""Why an endpoint is disabled: somebody said so."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint as staff see it; `secret` only where it was made just now."""

    id: UUID
    label: str
    url: str
    types: Sequence[str] | None
    enabled: bool
    disabled_reason: str | None
    former_secret_until: datetime | None
    created_at: datetime
    created_by: str
    secret: str | None = None
    replayed: bool = False
    """It was made by an earlier request with the same key."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to change of an endpoint; None stays as it is."""

    label: str | None = None
    url: str | None = None
    types: Sequence[str] | None = None
    all_types: bool = False
    enabled: bool | None = None


def add_endpoint(
    desk: Desk,
    label: str,
    url: str,
    types: Sequence[str] | None,
    actor: Actor,
    repeatable: Repeatable | None = None,
) -> Endpoint:
    """A new endpoint with a secret, which is shown this once, and to whoever repeats the request.

    Raises Invalid for an address not to call, IdempotencyConflict, and NotFound where a repeat comes after it
    was removed.
    """
    address, secret, id = _checked(desk, url), _new_secret(), uuid4()

    def work(session: Session) -> Endpoint:
        now = desk.db.now(session)
        if made := idempotency.begin(session, repeatable, now):
            return _made_before(session, desk, made, now)
        row = WebhookEndpoint(
            id=id,
            label=label,
            url=_seal(desk.secrets.vault, id, "url", address),
            secret=_seal(desk.secrets.vault, id, "secret", secret),
            types=sorted(types) if types is not None else None,
            enabled=True,
            created_at=now,
            created_by=str(actor),
        )
        session.add(row)
        session.flush()
        note(session, actor, "enter", OBJECT, str(id), now, {"types": row.types})
        idempotency.finish(session, repeatable, entry=id)
        return _shown(desk.secrets.vault, row, now, secret)

    return desk.db.attempt(work)


def _made_before(session: Session, desk: Desk, id: UUID, now: datetime) -> Endpoint:
    """With its secret: the answer that held it may have been lost."""
    row = session.get(WebhookEndpoint, id)
    if row is None or row.secret is None:
        raise NotFound
    secret = desk.secrets.vault.open("webhook_endpoints.secret", id, row.secret)
    return replace(_shown(desk.secrets.vault, row, now, secret), replayed=True)


def list_endpoints(session: Session, desk: Desk) -> list[Endpoint]:
    """Those that there are, the oldest first."""
    there = select(WebhookEndpoint).where(WebhookEndpoint.removed_at.is_(None))
    now = desk.db.now(session)
    rows = session.scalars(there.order_by(WebhookEndpoint.created_at, WebhookEndpoint.id))
    return [_shown(desk.secrets.vault, row, now) for row in rows]


def read_endpoint(session: Session, desk: Desk, id: UUID) -> Endpoint:
    """Raises NotFound."""
    row = session.get(WebhookEndpoint, id)
    if row is None or row.removed_at is not None:
        raise NotFound
    return _shown(desk.secrets.vault, row, desk.db.now(session))


def change_endpoint(desk: Desk, id: UUID, wanted: Wanted, actor: Actor) -> Endpoint:
    """Raises NotFound, Invalid. Disabled, it gets nothing of what happens meanwhile."""
    address = _checked(desk, wanted.url) if wanted.url is not None else None

    def change(session: Session, row: WebhookEndpoint, now: datetime) -> str | None:
        row.label = wanted.label or row.label
        if address is not None:
            row.url = _seal(desk.secrets.vault, id, "url", address)
        if wanted.types is not None or wanted.all_types:
            row.types = sorted(wanted.types) if wanted.types is not None else None
        if wanted.enabled is not None:
            row.enabled = wanted.enabled
            row.disabled_reason = None if wanted.enabled else BY_STAFF
            if not wanted.enabled:
                skip_pending(session, now, Message.webhook_id == id)
        return None

    return _change(desk, id, actor, "change", change)


def rotate_secret(desk: Desk, id: UUID, actor: Actor, repeatable: Repeatable | None = None) -> Endpoint:
    """A new secret, shown this once; the former one signs, too, for a day.

    Rotated twice, the one that the receiver has would sign no more: a repeat answers the same.
    Raises NotFound, IdempotencyConflict.
    """

    def change(session: Session, row: WebhookEndpoint, now: datetime) -> str:
        assert row.secret
        secret, vault = _new_secret(), desk.secrets.vault
        former = vault.open("webhook_endpoints.secret", id, row.secret)
        row.former_secret = _seal(vault, id, "former_secret", former)
        row.former_until = now + BOTH_SIGN
        row.secret = _seal(vault, id, "secret", secret)
        return secret

    return _change(desk, id, actor, "rotate", change, repeatable)


def remove_endpoint(desk: Desk, id: UUID, actor: Actor) -> Endpoint:
    """It gets nothing any more, what is on its way included; as it was. Raises NotFound."""
    with desk.db.transaction() as session:
        before = read_endpoint(session, desk, id)

    def change(session: Session, row: WebhookEndpoint, now: datetime) -> None:
        row.url = row.secret = row.former_secret = None
        row.enabled, row.removed_at = False, now
        skip_pending(session, now, Message.webhook_id == id)

    _change(desk, id, actor, "delete", change)
    return before


def skip_pending(session: Session, now: datetime, *which: ColumnElement[bool]) -> None:
    """Hooks that did not leave are not sent any more."""
    pending = update(Message).where(Message.state == MessageState.PENDING, *which)
    session.execute(pending.values(state=MessageState.SKIPPED, finished_at=now))


def signing(vault: Vault, row: WebhookEndpoint, now: datetime) -> list[str]:
    """The secrets that sign: the newest first."""
    assert row.secret
    found = [vault.open("webhook_endpoints.secret", row.id, row.secret)]
    if row.former_secret and row.former_until and row.former_until > now:
        found.append(vault.open("webhook_endpoints.former_secret", row.id, row.former_secret))
    return found


def url_of(vault: Vault, row: WebhookEndpoint) -> str:
    assert row.url
    return vault.open("webhook_endpoints.url", row.id, row.url)


def _change(
    desk: Desk,
    id: UUID,
    actor: Actor,
    act: str,
    change: Callable[[Session, WebhookEndpoint, datetime], str | None],
    repeatable: Repeatable | None = None,
) -> Endpoint:
    def work(session: Session) -> Endpoint:
        now = desk.db.now(session)
        if made := idempotency.begin(session, repeatable, now):
            return _made_before(session, desk, made, now)
        row = session.get(WebhookEndpoint, id, with_for_update={"key_share": True})
        if row is None or row.removed_at is not None:
            raise NotFound
        secret = change(session, row, now)
        session.flush()
        idempotency.finish(session, repeatable, entry=id)
        note(session, actor, act, OBJECT, str(id), now, {"enabled": row.enabled, "types": row.types})
        return _shown(desk.secrets.vault, row, now, secret)

    return desk.db.attempt(work)


def _checked(desk: Desk, url: str) -> str:
    try:
        return destination(url, loopback=desk.outside.loopback).url
    except NotAllowed as refused:
        raise Invalid([Fault("/url", refused.code)]) from None


def _new_secret() -> str:
    return SECRET + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def _seal(vault: Vault, id: UUID, column: str, text: str) -> bytes:
    return vault.seal(f"webhook_endpoints.{column}", id, text)


def _shown(vault: Vault, row: WebhookEndpoint, now: datetime, secret: str | None = None) -> Endpoint:
    until = row.former_until if row.former_until and row.former_until > now else None
    return Endpoint(
        id=row.id,
        label=row.label,
        url=url_of(vault, row) if row.url else "",
        types=row.types,
        enabled=row.enabled,
        disabled_reason=row.disabled_reason,
        former_secret_until=until,
        created_at=row.created_at,
        created_by=row.created_by,
        secret=secret,
    )
