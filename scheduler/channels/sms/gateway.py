"""Texts by any gateway that speaks as docs/operations.md says: JSON over HTTP, signed."""

import base64
import binascii
import hashlib
import hmac
import json

from scheduler.channels.outcome import Fence, Outcome, Remedy, Verdict
from scheduler.channels.sms.connecting import Unanswered
from scheduler.channels.sms.endpoint import Gateway
from scheduler.channels.sms.posting import Answered, Poster
from scheduler.channels.sms.text import Text
from scheduler.channels.sms.twilio import retry_after

PREFIX = "whsec_"
OF_THE_NUMBER = {404: Remedy.NUMBER_DEAD, 410: Remedy.OPTED_OUT, 422: Remedy.NO_TEXTS}


class GatewayChannel:
    def __init__(self, gateway: Gateway, *, deadline: float = 20) -> None:
        self._url = gateway.url
        self._key = _key(gateway.secret)
        self._poster = Poster(deadline)

    def deliver(self, text: Text, fence: Fence) -> Outcome:
        """Raises what the fence raises."""
        said = {"to": text.to, "text": text.body, "valid_for": max(1, text.valid_for)}
        body = json.dumps(said).encode()
        if not fence():
            return Outcome(Verdict.FENCED)
        try:
            answer = self._poster.send("POST", self._url, data=body, headers=self._headers(text, body))
        except Unanswered as error:
            return Outcome(error.verdict, detail=str(error))
        return _outcome_of(answer)

    def _headers(self, text: Text, body: bytes) -> dict[str, str]:
        at = str(text.timestamp)
        signed = hmac.digest(self._key, b".".join((text.id.encode(), at.encode(), body)), hashlib.sha256)
        return {
            "Content-Type": "application/json",
            "webhook-id": text.id,
            "webhook-timestamp": at,
            "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
        }


def _outcome_of(answer: Answered) -> Outcome:
    code = str(answer.status)
    if 200 <= answer.status < 300:
        return Outcome(Verdict.SENT, code)
    if answer.status == 429:
        return Outcome(Verdict.LATER, code, wait=retry_after(answer.headers))
    if answer.status >= 500:
        return Outcome(Verdict.LATER if answer.status == 503 else Verdict.UNKNOWN, code)
    if answer.status in OF_THE_NUMBER:
        return Outcome(Verdict.ADDRESS, code, remedy=OF_THE_NUMBER[answer.status])
    return Outcome(Verdict.US, code)


def _key(secret: str) -> bytes:
    """As Standard Webhooks writes secrets; any other text is the key itself. Raises ValueError."""
    if not secret.startswith(PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("a gateway's secret after whsec_ is base64") from None
