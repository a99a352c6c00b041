"""What a provider says later of a text that it took."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from scheduler.channels.outcome import Remedy
from scheduler.channels.sms.twilio import LOST, OUT_OF_REACH, REMEDIES


class News(StrEnum):
    TAKEN = "taken"
    """The provider has it; where it was in doubt whether it ever got there, it is not any more."""
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"


@dataclass(frozen=True, slots=True)
class Report:
    reference: str
    """The provider's, of the text."""
    message: str
    """Ours, as the text carried it; empty where it is not known."""
    to: str
    """E.164."""
    news: News
    code: str = ""
    remedy: Remedy | None = None
    once_more: bool = False
    """Whether the same text may arrive at another time."""


NEWS: Mapping[str, News] = {
    **dict.fromkeys(("accepted", "scheduled", "queued", "sending", "sent"), News.TAKEN),
    **dict.fromkeys(("delivered", "read"), News.DELIVERED),
    **dict.fromkeys(LOST, News.UNDELIVERED),
}
"""By Twilio's MessageStatus."""
REMEDIES_LATER: Mapping[int, Remedy] = {**REMEDIES, **dict.fromkeys((30002, 30032, 30034), Remedy.FILTERED)}
"""Of a text that was taken already: that the account is suspended, or our number not registered, is like a
filter, whoever the recipient."""


def twilios_report(said: Mapping[str, str], message: str) -> Report | None:
    """Of a form that Twilio posts; None for what it may say one day and nobody knows yet.

    `message`: what our address for reports says of which text it is for.
    """
    reference, status = said.get("MessageSid", ""), said.get("MessageStatus", "")
    news, code = NEWS.get(status), _code(said.get("ErrorCode", ""))
    if news is None or not reference:
        return None
    report = Report(reference, message, said.get("To", ""), news)
    if news is not News.UNDELIVERED:
        return report
    words = f"{status} {code or ''}".strip()
    once_more = code in OUT_OF_REACH
    return replace(report, code=words, remedy=REMEDIES_LATER.get(code), once_more=once_more)


def _code(given: str) -> int:
    """0 where it is no code: what is kept is read by staff, and must not repeat what was sealed."""
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 6 else 0
