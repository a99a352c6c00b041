"""Who tried too often has to wait. A try is counted before it is looked at: many at once are many."""

from collections.abc import Mapping
from datetime import datetime
from math import ceil

from sqlalchemy import case, delete, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from scheduler.db.dropping import drop_some
from scheduler.db.models import SignInTries
from scheduler.db.secrets import Lookup
from scheduler.domain.accounts import TRIES_COUNT, fold_account
from scheduler.domain.errors import RateLimited


def account_key(lookup: Lookup, name: str) -> bytes:
    """Also of names that no account has: the answers must not differ."""
    return lookup.hash("sign-in-account", fold_account(name))


def client_key(lookup: Lookup, client: bytes) -> bytes:
    return lookup.hash("sign-in-client", client.hex())


def count_try(session: Session, allowed: Mapping[bytes, int], now: datetime) -> None:
    """Count one try for each key. Raises RateLimited where one had as many as it may have."""
    for key in sorted(allowed):
        over = SignInTries.since <= now - TRIES_COUNT
        row = upsert(SignInTries).values(key=key, tries=1, since=now)
        counted = row.on_conflict_do_update(
            index_elements=["key"],
            set_={
                "tries": case((over, 1), else_=SignInTries.tries + 1),
                "since": case((over, now), else_=SignInTries.since),
            },
        ).returning(SignInTries.tries, SignInTries.since)
        tries, since = session.execute(counted).one()
        if tries > allowed[key]:
            raise RateLimited(max(1, ceil((since + TRIES_COUNT - now).total_seconds())))


def forgive_account(session: Session, key: bytes) -> None:
    """Whoever knows the password has no failed tries; nor has a new password."""
    session.execute(delete(SignInTries).where(SignInTries.key == key))


def forgive_one(session: Session, key: bytes) -> None:
    """This try did not fail. The others from there stay: an account of one's own buys nobody more of them."""
    session.execute(update(SignInTries).where(SignInTries.key == key).values(tries=SignInTries.tries - 1))


def forget_tries(session: Session, now: datetime) -> int:
    """Drop what counts no more; how many."""
    return drop_some(session, SignInTries, SignInTries.since <= now - TRIES_COUNT)
