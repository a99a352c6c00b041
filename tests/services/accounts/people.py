"""Members of the clinic who have an account."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from sqlalchemy.orm import Session

from scheduler.bootstrap import Runtime
from scheduler.domain.scopes import Scope
from scheduler.services.accounts.keeping import change_password, create_account
from scheduler.services.accounts.sessions import Member, identify, sign_in

T = TypeVar("T")

PASSWORD = "four plain words here"
OFFICE = b"the office"
"""Where the clinic's people sign in."""


def do(run: Runtime, work: Callable[[Session, datetime], T]) -> T:
    with run.db.transaction() as session:
        return work(session, run.db.now(session))


def account(
    run: Runtime, name: str = "pat", scopes: frozenset[Scope] = frozenset(Scope), language: str = "en"
) -> str:
    """A new account; its first password."""
    return do(run, lambda session, now: create_account(session, name, scopes, language, now))


def enter(run: Runtime, name: str, password: str, client: bytes = OFFICE) -> str:
    return sign_in(run.desk, name, password, client)


def whose(run: Runtime, token: str) -> Member:
    return identify(run.db, token)


def settled(
    run: Runtime, name: str = "pat", scopes: frozenset[Scope] = frozenset(Scope), language: str = "en"
) -> str:
    """A session of somebody who has chosen PASSWORD; its token."""
    first = account(run, name, scopes, language)
    token = enter(run, name, first)
    mine = whose(run, token)
    do(run, lambda session, now: change_password(session, mine, first, PASSWORD, now))
    return token
