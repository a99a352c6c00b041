"""Passwords, as argon2id keeps them."""

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

HASHER = PasswordHasher(memory_cost=19_456, time_cost=2, parallelism=1)
"""OWASP's recommendation: 19 MiB for each try, since anybody may make eight of them try at once."""

NOBODYS = (
    f"$argon2id$v=19$m={HASHER.memory_cost},t={HASHER.time_cost},p={HASHER.parallelism}${'A' * 22}${'A' * 43}"
)
"""Fits no password: what is looked at where there is no account, so that it takes as long."""

GENERATED_BYTES = 15
"""20 characters."""


def hashed(password: str) -> str:
    return HASHER.hash(password)


def fits(password_hash: str | None, password: str) -> bool:
    """Takes as long for an account that there is not."""
    try:
        return HASHER.verify(password_hash or NOBODYS, password)
    except (Argon2Error, InvalidHashError):
        return False


def generated() -> str:
    return secrets.token_urlsafe(GENERATED_BYTES)
