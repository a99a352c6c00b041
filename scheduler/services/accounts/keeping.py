"""Making, changing and ending accounts. The first one is made at the command line, like the first key."""

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from scheduler.db.models import ApiKey, StaffAccount
from scheduler.db.secrets import Lookup
from scheduler.domain.accounts import faults_of_name, faults_of_password, fold_account
from scheduler.domain.actors import SYSTEM
from scheduler.domain.errors import Fault, Invalid, NameTaken, NotFound
from scheduler.domain.scopes import Scope
from scheduler.services.accounts import lockout
from scheduler.services.accounts.passwords import fits, generated, hashed
from scheduler.services.accounts.sessions import OBJECT, Member, end_sessions
from scheduler.services.audit.writing import note


def create_account(
    session: Session, name: str, scopes: frozenset[Scope], language: str, now: datetime
) -> str:
    """A new account; its first password, which whoever signs in has to replace.

    Raises Invalid, NameTaken: also for the name of a key, since the audit knows both as `staff:NAME`.
    """
    if faults := list(faults_of_name(name)):
        raise Invalid(faults)
    password = generated()
    made = session.execute(
        upsert(StaffAccount)
        .values(
            id=uuid4(),
            name=name,
            password_hash=hashed(password),
            password_is_ours=True,
            scopes=sorted(scopes),
            language=language,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=["name"])
        .returning(StaffAccount.id)
    ).scalar_one_or_none()
    if made is None or session.execute(select(exists().where(ApiKey.name == name))).scalar_one():
        raise NameTaken
    note(session, SYSTEM, "create", OBJECT, name, now, {"scopes": sorted(scopes)})
    return password


def list_accounts(session: Session) -> Sequence[StaffAccount]:
    """All accounts there ever were, by name."""
    return session.scalars(select(StaffAccount).order_by(StaffAccount.name)).all()


def change_account(
    session: Session,
    name: str,
    now: datetime,
    scopes: frozenset[Scope] | None = None,
    language: str | None = None,
) -> None:
    """From the next request on; what is None stays. Raises NotFound."""
    account = _locked(session, name)
    account.scopes = sorted(scopes) if scopes is not None else account.scopes
    account.language = language or account.language
    note(session, SYSTEM, "change", OBJECT, name, now, {"scopes": account.scopes})


def disable_account(session: Session, name: str, now: datetime) -> None:
    """Nobody signs in to it, and whoever is signed in is not any more. Raises NotFound."""
    account = _locked(session, name)
    end_sessions(session, account.id)
    if account.disabled_at is None:
        account.disabled_at = now
        note(session, SYSTEM, "disable", OBJECT, name, now)


def reset_password(session: Session, lookup: Lookup, name: str, now: datetime) -> str:
    """Another first password; sessions end, and failed tries count no more. Opens a disabled account again.

    Raises NotFound.
    """
    account, password = _locked(session, name), generated()
    account.password_hash, account.password_is_ours = hashed(password), True
    account.disabled_at = None
    end_sessions(session, account.id)
    lockout.forgive_account(session, lockout.account_key(lookup, name))
    note(session, SYSTEM, "reset-password", OBJECT, name, now)
    return password


def change_password(session: Session, member: Member, old: str, new: str, now: datetime) -> None:
    """One's own; other sessions end. Raises Invalid."""
    account = _locked(session, member.name)
    if not fits(account.password_hash, old):
        raise Invalid([Fault("/old", "wrong-password")])
    if old == new:
        raise Invalid([Fault("/password", "same-password")])
    if faults := list(faults_of_password(new, account.name)):
        raise Invalid(faults)
    account.password_hash, account.password_is_ours = hashed(new), False
    end_sessions(session, account.id, but=member.session)
    note(session, member.actor, "change-password", OBJECT, account.name, now)


def change_language(session: Session, member: Member, language: str) -> None:
    """The language of the pages."""
    _locked(session, member.name).language = language


def _locked(session: Session, name: str) -> StaffAccount:
    found = select(StaffAccount).where(StaffAccount.name == fold_account(name)).with_for_update()
    account = session.scalars(found).one_or_none()
    if account is None:
        raise NotFound
    return account
