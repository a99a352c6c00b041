"""Accounts of staff: what a name and a password must be, when a session ends, when tries are shut out."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from scheduler.domain.errors import Fault

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,62}[a-z0-9]")
SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 200
"""Length is what guessing costs; the longest is what hashing costs us."""

IDLE = timedelta(minutes=15)
LONGEST_SESSION = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)
"""A session's last use is written down so often at most: a page is not to cost a write."""

TRIES_COUNT = timedelta(minutes=15)
"""So long a failed try counts; whoever had too many waits until the first of them counts no more."""
ACCOUNT_TRIES = 5
CLIENT_TRIES = 20
"""From one network address, whatever the accounts: a clinic's people often share one."""


def fold_account(name: str) -> str:
    """A name as it is compared: however it was typed."""
    return name.strip().lower()


def faults_of_name(name: str) -> Iterator[Fault]:
    if not NAME.fullmatch(name):
        yield Fault("/name", "not-an-account-name")


def faults_of_password(password: str, name: str) -> Iterator[Fault]:
    """What nobody may choose. No rules about kinds of characters: they make passwords worse, not better."""
    if len(password) < SHORTEST_PASSWORD:
        yield Fault("/password", "too-short")
    elif len(password) > LONGEST_PASSWORD:
        yield Fault("/password", "too-long")
    elif name in password.lower() or len(set(password)) < SHORTEST_PASSWORD // 2:
        yield Fault("/password", "easy-to-guess")


def session_is_over(began: datetime, seen: datetime, now: datetime) -> bool:
    return now - seen >= IDLE or now - began >= LONGEST_SESSION
