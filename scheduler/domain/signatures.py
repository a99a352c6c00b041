"""Standard Webhooks 1.0: who sends something to an address signs its id, its time and its bytes."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import Protocol

TOLERANCE = 300
"""Seconds between two clocks; what is older may be somebody's copy."""
LONGEST_TIMESTAMP = 12
"""Digits."""


class Headers(Protocol):
    """Of a request, by whatever library."""

    def get(self, name: str, default: str, /) -> str: ...


def signature(secret: bytes, id: str, timestamp: int, body: bytes) -> str:
    signed = f"{id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()


def is_signed(secrets: Sequence[bytes], headers: Headers, body: bytes, now: float) -> bool:
    """Whether one of the signatures, parted by spaces, is made with one of our secrets, and lately."""
    id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not (id and timestamp.isascii() and timestamp.isdecimal() and len(timestamp) < LONGEST_TIMESTAMP):
        return False
    if abs(int(timestamp) - now) > TOLERANCE:
        return False
    ours = [signature(secret, id, int(timestamp), body).encode() for secret in secrets]
    theirs = headers.get("webhook-signature", "").encode(errors="replace").split()
    return any(hmac.compare_digest(one, other) for one in ours for other in theirs)
