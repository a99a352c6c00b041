"""Who a bearer token is, and what it opens: a link one visit, a key of staff what its scopes say."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import Connection, Interval, bindparam, exists, func, or_, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from scheduler.db.models import ApiKey, StaffAccount
from scheduler.db.secrets import token_hash
from scheduler.domain.actors import SYSTEM, Actor, ActorKind
from scheduler.domain.errors import Forbidden, NameTaken, NotFound, Unauthorized
from scheduler.domain.scopes import Scope
from scheduler.services.audit.writing import note
from scheduler.services.people.links import holder
from scheduler.services.people.recipients import MANAGE

KEY_PREFIX = "vk_"
KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody with a token. A patient's `visit` is the one that the token opens; staff have scopes."""

    actor: Actor
    visit: UUID | None = None
    recipient: UUID | None = None
    generation: int | None = None
    """Of the link that was shown."""
    scopes: frozenset[Scope] = frozenset()


def identify(asked: Session | Connection, token: str, offset: timedelta) -> Caller:
    """Raises Unauthorized for a token that opens nothing any more, or never did. `offset` is of the clock."""
    find = _staff if token.startswith(KEY_PREFIX) else _holder
    caller = find(asked, token, offset)
    if caller is None:
        raise Unauthorized
    return caller


def require(caller: Caller, scope: Scope) -> Actor:
    """The actor of a staff caller with that scope. Raises Forbidden."""
    if scope not in caller.scopes:
        raise Forbidden
    return caller.actor


def may_act_on(caller: Caller, visit: UUID, scope: Scope = Scope.VISITS) -> Actor:
    """The actor, if the caller may see and change this visit.

    Raises NotFound for somebody else's visit, so that nobody learns what exists; Forbidden for a key without
    the scope.
    """
    if caller.actor.is_staff:
        return require(caller, scope)
    if caller.visit != visit:
        raise NotFound
    return caller.actor


def _holder(asked: Session | Connection, token: str, offset: timedelta) -> Caller | None:
    found = holder(asked, token, MANAGE, offset)
    if found is None:
        return None
    return Caller(found.actor, visit=found.visit, recipient=found.recipient, generation=found.generation)


_KEY = select(ApiKey.name, ApiKey.scopes).where(
    ApiKey.hash == bindparam("hash"),
    ApiKey.revoked_at.is_(None),
    or_(
        ApiKey.expires_at.is_(None),
        ApiKey.expires_at > func.clock_timestamp() + bindparam("offset", type_=Interval),
    ),
)


def _staff(asked: Session | Connection, token: str, offset: timedelta) -> Caller | None:
    key = asked.execute(_KEY, {"hash": token_hash(token), "offset": offset}).one_or_none()
    return key and Caller(Actor(ActorKind.STAFF, key.name), scopes=frozenset(map(Scope, key.scopes)))


def create_key(
    session: Session, name: str, scopes: frozenset[Scope], now: datetime, lasts: timedelta | None = None
) -> str:
    """A new key of staff: it is shown this once, only its SHA-256 is kept.

    Raises NameTaken, also for the name of an account.
    """
    key = KEY_PREFIX + secrets.token_urlsafe(KEY_BYTES)
    made = session.execute(
        upsert(ApiKey)
        .values(
            id=uuid4(),
            name=name,
            hash=token_hash(key),
            scopes=sorted(scopes),
            created_at=now,
            expires_at=now + lasts if lasts else None,
        )
        .on_conflict_do_nothing(index_elements=["name"])
        .returning(ApiKey.id)
    ).scalar_one_or_none()
    if made is None or session.execute(select(exists().where(StaffAccount.name == name))).scalar_one():
        raise NameTaken
    note(session, SYSTEM, "create", "key", name, now, {"scopes": sorted(scopes)})
    return key


def list_keys(session: Session) -> Sequence[ApiKey]:
    """All keys there ever were, the oldest first."""
    return session.scalars(select(ApiKey).order_by(ApiKey.created_at, ApiKey.name)).all()


def revoke_key(session: Session, name: str, now: datetime) -> None:
    """From now on the key opens nothing; a second time changes nothing. Raises NotFound."""
    key = session.scalars(select(ApiKey).where(ApiKey.name == name).with_for_update()).one_or_none()
    if key is None:
        raise NotFound
    if key.revoked_at is None:
        key.revoked_at = now
        note(session, SYSTEM, "revoke", "key", name, now)
