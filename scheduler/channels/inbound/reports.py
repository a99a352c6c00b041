"""What mail systems say of a mail that we sent: it could not be delivered, or somebody calls it spam."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser
from enum import StrEnum

from flufl.bounce import all_failures

from scheduler.channels.inbound.mime import LONGEST_HEAD, Part, headers_of

RETURNED = frozenset(
    {
        "message/rfc822",
        "message/global",
        "text/rfc822-headers",
        "message/rfc822-headers",
        "message/global-headers",
    }
)
"""Parts that hold the mail that comes back, or its headers."""
STATUSES = ("message/delivery-status", "message/global-delivery-status")
LONGEST_REPORT = 64 * 1024
_OURS = re.compile(rb"<([0-9a-f]{32})@[^<>\s]{1,255}>")
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_SAYS_NOTHING = re.compile(r"(?:\d\.0\.0)?")
_QUOTED = re.compile(r"(?<![\d.])[45]\.[0-7]\.\d{1,3}(?!\.?\d)")
_ANSWER = r"(?:smtp;\s*|:\s+)"
_IN_WORDS = {
    "4.2.2": re.compile(_ANSWER + r"452\b"),
    "5.2.2": re.compile(_ANSWER + r"552\b|mailbox (?:is )?full|quota", re.I),
    "5.7.1": re.compile(r"\bblocked\b|block ?list|blacklist|\bspam\b|policy|reputation", re.I),
    "4.0.0": re.compile(_ANSWER + r"4\d\d\b"),
}
"""What an answer without a code of RFC 3463 says all the same: the first that fits."""
_WARNS = re.compile(
    r"warning message only|transient non-?fatal|not yet been delivered"
    r"|will (?:keep|continue) (?:trying|to try)|attempts will continue|still being retried",
    re.I,
)
_COPY_BEGINS = re.compile(r"^[ >]*(?:Return-Path|Received|Message-ID):", re.I | re.M)
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")


class News(StrEnum):
    BOUNCED = "bounced"
    """It will not arrive."""
    DELAYED = "delayed"
    """It has not arrived yet."""
    COMPLAINT = "complaint"
    """It arrived, and its reader calls it spam."""
    NOTHING = "nothing"
    """Delivered, relayed, read: nothing that anybody has to act on."""


@dataclass(frozen=True, slots=True)
class Report:
    news: News
    message_id: str | None
    """Of the mail that it speaks of, without its domain; None where it does not say."""
    status: str = ""
    """Of RFC 3463, such as `5.1.1`; empty where none is given."""


def report_of(parts: Sequence[Part]) -> Report | None:
    """What a mail reports; None of one that is no report."""
    whole = parts[0]
    if whole.type == "multipart/report":
        return _formal(parts)
    if not _comes_from_a_machine(whole.headers):
        return None
    if any(part.type in STATUSES for part in parts):  # gateways put reports into mails of their own
        return _formal(parts)
    if returned := _mentioned(parts):
        return _in_words(_plain(parts), returned)
    return None


def _in_words(message: Message, returned: str) -> Report:
    """Others have collected how each mail system says what failed, but take some warnings for failures."""
    delayed, failed = all_failures(message)
    if not (delayed or failed):
        return Report(News.NOTHING, returned)
    said = _COPY_BEGINS.split(str(message.get_payload()), 1)[0]
    late = not failed or _WARNS.search(said)
    return Report(News.DELAYED if late else News.BOUNCED, returned, _quoted(said))


def _formal(parts: Sequence[Part]) -> Report:
    returned = _returned(parts)
    kinds = {part.type: part for part in parts}
    if feedback := kinds.get("message/feedback-report"):
        (fields,) = list(_blocks(feedback))[:1] or [Message()]
        abuse = str(fields.get("Feedback-Type", "")).strip().lower() in ("abuse", "fraud", "opt-out")
        return Report(News.COMPLAINT if abuse else News.NOTHING, returned)
    status = next((kinds[kind] for kind in STATUSES if kind in kinds), None)
    return _delivery(status, returned) if status else Report(News.NOTHING, returned)


def _delivery(part: Part, returned: str | None) -> Report:
    """RFC 3464. Ours have one recipient each: the first that failed is the one."""
    said = [(str(fields.get("Action", "")).strip().lower(), _status(fields)) for fields in _blocks(part)]
    for action, news in (("failed", News.BOUNCED), ("delayed", News.DELAYED)):
        for stated, status in said:
            if stated == action:
                return Report(news, returned, status)
    return Report(News.NOTHING, returned)


def _status(fields: Message) -> str:
    """Some systems state 5.0.0 whatever is wrong: then the answer that they got says more."""
    found = _STATUS.search(str(fields.get("Status", "")))
    stated = found[0] if found else ""
    quoted = _quoted(str(fields.get("Diagnostic-Code", ""))) if _SAYS_NOTHING.fullmatch(stated) else ""
    return quoted or stated


def _quoted(said: str) -> str:
    """The code that a server's answer holds or comes to; empty where it says nothing of the kind."""
    if found := _QUOTED.search(said):
        return found[0]
    return next((status for status, words in _IN_WORDS.items() if words.search(said)), "")


def _blocks(part: Part) -> Iterator[Message]:
    for block in _BLANK_LINE.split(part.content(LONGEST_REPORT)):
        if block.strip():
            yield BytesHeaderParser().parsebytes(block)


def _returned(parts: Sequence[Part]) -> str | None:
    """The Message-ID that a report returns; of the returned mail only the headers are looked at."""
    for part in parts:
        if part.type in RETURNED:
            head = headers_of(part.content(len(part.body))[:LONGEST_HEAD])
            if found := _OURS.search(str(head.get("Message-ID", "")).encode()):
                return found[1].decode()
    return None


def _comes_from_a_machine(headers: Message) -> bool:
    sender = str(headers.get("From", "")).lower()
    return (
        str(headers.get("Return-Path", "?")).strip() == "<>"
        or "mailer-daemon" in sender
        or "postmaster" in sender
    )


def _mentioned(parts: Sequence[Part]) -> str | None:
    for part in parts:
        if found := _OURS.search(part.body[:LONGEST_REPORT]):
            return found[1].decode()
    return None


def _plain(parts: Sequence[Part]) -> Message:
    """The words of a mail under its headers, for a reader that knows no bounds of its own."""
    message = Message()
    for name in ("From", "Subject", "X-Failed-Recipients", "To"):
        if name in parts[0].headers:
            message[name] = str(parts[0].headers[name])[:998].replace("\n", " ").replace("\r", " ")
    texts = [part.content(len(part.body)) for part in parts if part.type == "text/plain"]
    message.set_payload(b"\n".join(texts)[:LONGEST_REPORT].decode("latin-1"))
    return message
