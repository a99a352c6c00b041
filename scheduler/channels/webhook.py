"""Webhooks as Standard Webhooks 1.0 has them: signed, thin, and answered with 2xx or tried again."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from scheduler.channels.outcome import Fence, Outcome, Verdict
from scheduler.outgoing.errand import Unreachable
from scheduler.outgoing.http import Bounds, Outside

BOUNDS = Bounds(seconds=15, size=None)
"""The status says it all."""
SECRET = "whsec_"  # noqa: S105 - what secrets begin with
GONE = 410


@dataclass(frozen=True, slots=True)
class Call:
    """One hook on its way; never logged, since the address may hold a secret."""

    url: str
    id: str
    """The same on every attempt: by it the receiver knows a second copy."""
    timestamp: int
    """Of this attempt, in seconds."""
    body: bytes
    secrets: Sequence[str]
    """All of them sign; two while one takes over from the other."""
    template_version: ClassVar[None] = None
    """No templates make it."""


class WebhookChannel:
    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    def deliver(self, call: Call, fence: Fence) -> Outcome:
        headers = {
            "Content-Type": "application/json",
            "webhook-id": call.id,
            "webhook-timestamp": str(call.timestamp),
            "webhook-signature": " ".join(signature(each, call) for each in call.secrets),
        }
        if not fence():
            return Outcome(Verdict.FENCED)
        try:
            answer = self._outside.call("POST", call.url, headers, BOUNDS, call.body)
        except Unreachable as error:
            return Outcome(Verdict.LATER, error.code)
        return Outcome(_verdict(answer.status), str(answer.status))


def _verdict(status: int) -> Verdict:
    """A redirect is no success: whoever moves says so to the clinic, not to us."""
    if 200 <= status < 300:
        return Verdict.SENT
    return Verdict.ADDRESS if status == GONE else Verdict.LATER


def signature(secret: str, call: Call) -> str:
    key = base64.b64decode(secret.removeprefix(SECRET))
    signed = b".".join((call.id.encode(), str(call.timestamp).encode(), call.body))
    return f"v1,{base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()}"
