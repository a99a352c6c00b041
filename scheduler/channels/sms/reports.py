"""What a provider says later of a text that it took."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from scheduler.channels.outcome import Remedy
from scheduler.channels.sms.twilio import LOST, OF_THE_NUMBER


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
ONCE_MORE = frozenset({"30003", "30008"})
"""The phone is off or out of reach, or nobody knows why."""
OF_OUR_TEXTS = frozenset({"30002", "30007", "30032", "30034"})
"""The account is suspended, a carrier filters us, or our number is not registered: whoever the recipient."""


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
    words = f"{status} {code}".strip()
    return replace(report, code=words, remedy=_remedy(code), once_more=code in ONCE_MORE)


def _code(given: str) -> str:
    """Nothing where it is no code: what is kept is read by staff, and must not repeat what was sealed."""
    return given if given.isascii() and given.isdecimal() and len(given) < 6 else ""


def _remedy(code: str) -> Remedy | None:
    if code in OF_OUR_TEXTS:
        return Remedy.FILTERED
    return OF_THE_NUMBER.get(int(code)) if code else None
