"""Sessions: opened by a password; ended by time, by signing out, and with the password that opened them."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from scheduler.db.dropping import drop_some
from scheduler.db.engine import CLOCK, Database
from scheduler.db.models import StaffAccount, StaffSession
from scheduler.db.secrets import token_hash
from scheduler.domain.accounts import (
    ACCOUNT_TRIES,
    CLIENT_TRIES,
    IDLE,
    LONGEST_SESSION,
    SEEN_EVERY,
    fold_account,
    session_is_over,
)
from scheduler.domain.actors import SYSTEM, Actor, ActorKind
from scheduler.domain.errors import Unauthorized
from scheduler.domain.scopes import Scope
from scheduler.services.accounts import lockout
from scheduler.services.accounts.passwords import fits
from scheduler.services.audit.writing import note
from scheduler.services.ground.desk import Desk

TOKEN_BYTES = 32
OBJECT = "account"


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of the clinic who is signed in."""

    account: UUID
    name: str
    scopes: frozenset[Scope]
    language: str
    password_is_ours: bool
    session: bytes
    """The hash that the session is known by."""

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind.STAFF, self.name)


def sign_in(desk: Desk, name: str, password: str, client: bytes) -> str:
    """The token of a new session. Raises RateLimited, and Unauthorized for whatever does not fit.

    An account that there is not, or not any more, answers the same and takes as long.
    """
    account = _count(desk, name, client)
    known = fits(account.password_hash if account else None, password)
    if account is None or not known:
        _note_refusal(desk, account)
        raise Unauthorized
    with desk.db.transaction() as session:
        now = desk.db.now(session)
        present = session.get(StaffAccount, account.id, with_for_update={"read": True})
        if present is None or present.password_hash != account.password_hash or present.disabled_at:
            raise Unauthorized
        lookup = desk.secrets.lookup
        lockout.forgive_account(session, lockout.account_key(lookup, name))
        lockout.forgive_one(session, lockout.client_key(lookup, client))
        note(session, Actor(ActorKind.STAFF, present.name), "sign-in", OBJECT, present.name, now)
        return open_session(session, present.id, now)


def _count(desk: Desk, name: str, client: bytes) -> StaffAccount | None:
    """The account, once the try was counted; a disabled one is none."""
    lookup = desk.secrets.lookup
    allowed = {
        lockout.account_key(lookup, name): ACCOUNT_TRIES,
        lockout.client_key(lookup, client): CLIENT_TRIES,
    }

    def work(session: Session) -> StaffAccount | None:
        lockout.count_try(session, allowed, desk.db.now(session))
        named = select(StaffAccount).where(StaffAccount.name == fold_account(name))
        return session.scalars(named.where(StaffAccount.disabled_at.is_(None))).one_or_none()

    return desk.db.attempt(work)


def _note_refusal(desk: Desk, account: StaffAccount | None) -> None:
    """The audit names the account where there is one, never what was typed."""
    with desk.db.transaction() as session:
        note(
            session, SYSTEM, "refuse-sign-in", OBJECT, account.name if account else None, desk.db.now(session)
        )


def open_session(session: Session, account: UUID, now: datetime) -> str:
    """A session that nobody knows of yet; its token is shown this once."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    row = {"hash": token_hash(token), "account_id": account, "created_at": now, "seen_at": now}
    session.execute(insert(StaffSession.table()), row)
    return token


_MEMBER = (
    select(
        StaffSession.hash,
        StaffSession.created_at,
        StaffSession.seen_at,
        StaffAccount.id,
        StaffAccount.name,
        StaffAccount.scopes,
        StaffAccount.language,
        StaffAccount.password_is_ours,
        CLOCK,
    )
    .join(StaffAccount, StaffAccount.id == StaffSession.account_id)
    .where(StaffSession.hash == bindparam("hash"), StaffAccount.disabled_at.is_(None))
)


def identify(db: Database, token: str) -> Member:
    """Who is signed in with this token; the session goes on. Raises Unauthorized."""
    with db.single() as connection:
        found = connection.execute(_MEMBER, {"hash": token_hash(token)}).first()
    if found is None:
        raise Unauthorized
    now: datetime = found.clock + db.offset
    if session_is_over(found.created_at, found.seen_at, now):
        raise Unauthorized
    if found.seen_at <= now - SEEN_EVERY:
        with db.transaction() as session:
            session.execute(update(StaffSession).where(StaffSession.hash == found.hash).values(seen_at=now))
    scopes = frozenset(map(Scope, found.scopes))
    return Member(found.id, found.name, scopes, found.language, found.password_is_ours, found.hash)


def sign_out(session: Session, token: str, now: datetime) -> None:
    """The session ends; one that there is not ended before."""
    ended = session.execute(
        delete(StaffSession)
        .where(StaffSession.hash == token_hash(token), StaffAccount.id == StaffSession.account_id)
        .returning(StaffAccount.name)
    ).scalar_one_or_none()
    if ended is not None:
        note(session, Actor(ActorKind.STAFF, ended), "sign-out", OBJECT, ended, now)


def end_sessions(session: Session, account: UUID, but: bytes | None = None) -> None:
    """Whoever is signed in to the account is not any more, `but` in one session."""
    theirs = delete(StaffSession).where(StaffSession.account_id == account)
    session.execute(theirs if but is None else theirs.where(StaffSession.hash != but))


def forget_sessions(session: Session, now: datetime) -> int:
    """Drop sessions that are over; how many."""
    over = (StaffSession.seen_at <= now - IDLE) | (StaffSession.created_at <= now - LONGEST_SESSION)
    return drop_some(session, StaffSession, over)
