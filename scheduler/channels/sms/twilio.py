"""Texts by Twilio: one POST a text. It knows no idempotency key: in doubt it is asked, and not told twice."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

from scheduler.channels.outcome import Fence, Outcome, Remedy, Verdict
from scheduler.channels.sms.connecting import Unanswered
from scheduler.channels.sms.endpoint import TwilioAccount
from scheduler.channels.sms.posting import Answered, Poster
from scheduler.channels.sms.text import Text

LONGEST_VALID = 14_400
"""Seconds; Twilio takes no more."""
AFTER_RATE_LIMIT = 30.0
LOST = frozenset({"failed", "undelivered", "canceled"})
"""Statuses of a text that nobody gets."""
CLOCKS_APART = timedelta(minutes=5)
NAMES_TEXT = "message"
"""What the address for reports says of which text it is for: a report can be here before the answer is."""

REMEDIES: Mapping[int, Remedy] = {
    21610: Remedy.OPTED_OUT,
    21211: Remedy.NUMBER_DEAD,
    21217: Remedy.NUMBER_DEAD,
    21614: Remedy.NO_TEXTS,
    21635: Remedy.NO_TEXTS,
    30005: Remedy.NO_TEXTS,
    30006: Remedy.NO_TEXTS,
    30007: Remedy.FILTERED,
}
"""Twilio's codes that end a text for good, and what they say beyond it."""
OF_OURS = frozenset(
    {20003, 20005, 20404, 21212, 21603, 21606, 21607, 21608, 21659, 21660, 21703, 30002, 30032, 30034, 63038}
)
"""Credentials, the account, our own number: nothing that another recipient would change."""
OF_THE_WORDS = frozenset({21602, 21617, 21619, 21658})
"""None, or too many: the same next time, and for anybody."""
NO_WAY = frozenset({21408, 21612})
"""Our account does not text to that region, or our number not to theirs: of one number it is the number's
fault, of many it is ours, and no reason to suppress them all."""
OUT_OF_REACH = frozenset({30003, 30008})
"""The phone is off or out of reach, or nobody knows why."""


class TwilioChannel:
    def __init__(self, account: TwilioAccount, callback: str, *, deadline: float = 20) -> None:
        """`callback`: where Twilio reports what became of a text; `deadline` in seconds for one call."""
        self._account = account
        self._callback = callback
        self._url = f"{account.server}/2010-04-01/Accounts/{account.sid}/Messages.json"
        self._poster = Poster(deadline)

    def deliver(self, text: Text, fence: Fence) -> Outcome:
        """Raises what the fence raises."""
        form = self._form(text)
        if not fence():
            return Outcome(Verdict.FENCED)
        try:
            answer = self._poster.send("POST", self._url, data=form, auth=self._auth)
        except Unanswered as error:
            return Outcome(error.verdict, detail=str(error))
        return outcome_of(answer)

    def look_up(self, text: Text) -> Outcome:
        """Whether Twilio has the text: the one with these words among those to the number since then.

        A copy that did not arrive is an earlier one, after which it was sent again.
        """
        since = text.made_at - CLOCKS_APART
        asked = {"To": text.to, "DateSent>": since.astimezone(UTC).date().isoformat(), "PageSize": "100"}
        try:
            answer = self._poster.send("GET", self._url, params=asked, auth=self._auth)
        except Unanswered as error:
            return Outcome(Verdict.LATER, detail=f"asking: {error}")
        listed = _json(answer).get("messages")
        if answer.status != 200 or listed is None:
            return Outcome(Verdict.LATER, str(answer.status), "asking what became of it")
        for each in listed:
            same = each.get("body") == text.body and each.get("status") not in LOST
            if same and _created(each) >= since:
                return Outcome(Verdict.SENT, "200", reference=str(each.get("sid", "")))
        return Outcome(Verdict.UNKNOWN, "200", "it is not among those that were sent")

    @property
    def _auth(self) -> tuple[str, str]:
        return self._account.sid, self._account.token

    def _form(self, text: Text) -> dict[str, str]:
        sender = self._account.sender
        return {
            "To": text.to,
            "From" if sender.startswith("+") else "MessagingServiceSid": sender,
            "Body": text.body,
            "StatusCallback": f"{self._callback}?{urlencode({NAMES_TEXT: text.id})}",
            "ValidityPeriod": str(max(1, min(LONGEST_VALID, text.valid_for))),
        }


def outcome_of(answer: Answered) -> Outcome:
    """What Twilio's answer to a POST means."""
    said = _json(answer)
    if 200 <= answer.status < 300:
        return _taken(answer.status, said.get("sid"))
    code = said["code"] if isinstance(said.get("code"), int) else 0
    words = f"{answer.status} {code}" if code else str(answer.status)
    if answer.status == 429 or code == 20429:
        return Outcome(Verdict.LATER, words, wait=retry_after(answer.headers))
    if answer.status >= 500:
        # 503 is said at the door; the others may come from somebody in between, after the text was taken.
        return Outcome(Verdict.LATER if answer.status == 503 else Verdict.UNKNOWN, words)
    return Outcome(_refusal(answer.status, code), words, remedy=REMEDIES.get(code))


def _refusal(status: int, code: int) -> Verdict:
    if code in REMEDIES:
        return Verdict.ADDRESS
    if code in NO_WAY:
        return Verdict.REFUSED
    if status in (401, 403, 404) or code in OF_OURS:
        return Verdict.US
    if code in OUT_OF_REACH:
        return Verdict.LATER
    return Verdict.BROKEN if code in OF_THE_WORDS else Verdict.REFUSED


def _taken(status: int, sid: object) -> Outcome:
    """Without its name no report could be told to be of this text, so that Twilio is asked for it."""
    if not sid:
        return Outcome(Verdict.UNKNOWN, str(status), "taken, and its answer cannot be read")
    return Outcome(Verdict.SENT, str(status), reference=str(sid))


def retry_after(headers: Mapping[str, str]) -> float:
    """Seconds."""
    said = headers.get("Retry-After", "")
    return float(said) if said.isascii() and said.isdecimal() and len(said) < 6 else AFTER_RATE_LIMIT


def _json(answer: Answered) -> dict[str, Any]:
    try:
        said = json.loads(answer.body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _created(message: Mapping[str, Any]) -> datetime:
    try:
        return parsedate_to_datetime(str(message.get("date_created")))
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
