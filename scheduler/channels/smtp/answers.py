"""What a mail server's answer means: whose fault it is, and whether another time may do."""

import re
from dataclasses import dataclass
from enum import StrEnum

from scheduler.channels.outcome import Outcome, Remedy, Verdict

LONGEST_DETAIL = 200
LONGEST_REFERENCE = 100


class Phase(StrEnum):
    """The step of the conversation that an answer answers."""

    CONNECT = "connect"
    HELLO = "hello"
    TLS = "tls"
    LOGIN = "login"
    RESET = "reset"
    SENDER = "sender"
    RECIPIENT = "recipient"
    DATA = "data"
    END = "end"
    """After the final dot."""


_CODES: dict[Phase, frozenset[int]] = {
    Phase.CONNECT: frozenset({220}),
    Phase.HELLO: frozenset({250}),
    Phase.TLS: frozenset({220}),
    Phase.LOGIN: frozenset({235, 503}),
    Phase.RESET: frozenset({250}),
    Phase.SENDER: frozenset({250}),
    Phase.RECIPIENT: frozenset({250, 251, 252}),
    Phase.DATA: frozenset({354}),
    Phase.END: frozenset({250}),
}

_ABOUT_THE_MESSAGE = {Phase.RECIPIENT, Phase.DATA, Phase.END}
_FULL = {"5.2.2"}
_OURS = {"5.3", "5.5", "5.7"}
"""Classes of RFC 3463: mail system, protocol, security."""
_OF_A_MAILBOX = ("", "1", "2")
"""Subjects of RFC 3463, and an answer without: address and mailbox."""
_OUR_SENDER = {"5.1.7", "5.1.8"}
_DEAD = re.compile(r"5\.1\.(?![78]$)\d+|5\.2\.1")
_FULL_CODES = {552}
"""RFC 5321 4.5.3.1.10: some servers say 552 for what should be 452."""
_OUR_CODES = {500, 502, 503, 504, 530, 534, 535, 538, 555}
"""Commands, their order, credentials. The rest is about a mailbox, where no RFC 3463 code says otherwise."""

_ENHANCED = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?=\s|$)")
_ADDRESS = re.compile(r"<[^<>]*@[^<>]*>|[^\s<>]+@[^\s<>]+")
_QUEUED = re.compile(r"\b(?:queued as|id[=:])\s*([\w.:+/-]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    phase: Phase
    code: int
    """-1 where the server said something else than an answer."""
    words: str

    @property
    def welcome(self) -> bool:
        return self.code in _CODES[self.phase]

    @property
    def status(self) -> str:
        """The enhanced code of RFC 3463, such as `5.1.1`, or nothing."""
        found = _ENHANCED.match(self.words)
        return found[0] if found and found[0][0] == str(self.code)[0] else ""


class Refused(Exception):
    """The server did not answer as it would have to go on."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.code)
        self.answer = answer


def outcome_of(answer: Answer, recipient: str) -> Outcome:
    """What became of the attempt that ended with `answer`."""
    detail = "" if _may_name_somebody(answer) else _without_addresses(answer.words, recipient)
    return Outcome(
        _verdict(answer),
        code=f"{answer.code} {answer.status}".strip(),
        detail=f"{answer.phase}: {detail}".removesuffix(": ")[:LONGEST_DETAIL],
        reference=_reference(detail) if answer.phase is Phase.END and answer.welcome else "",
        remedy=Remedy.ADDRESS_DEAD if _is_dead(answer) else None,
    )


def _may_name_somebody(answer: Answer) -> bool:
    """Whether it refuses a mailbox: such words may say whose it is. The codes say what is wrong with it."""
    refused = answer.phase in _ABOUT_THE_MESSAGE and not answer.welcome
    return refused and answer.status[2:3] in _OF_A_MAILBOX


def _is_dead(answer: Answer) -> bool:
    """Whether the address is named as the reason, and not only refused: a relay that knows nothing of us says
    550 of everybody. After DATA it may be a policy in other words."""
    return answer.phase is Phase.RECIPIENT and _DEAD.fullmatch(answer.status) is not None


def _verdict(answer: Answer) -> Verdict:
    after_the_dot = answer.phase is Phase.END
    if after_the_dot and answer.welcome:
        return Verdict.SENT
    if 500 <= answer.code <= 599:
        return _refusal(answer)
    if after_the_dot and not 400 <= answer.code <= 499:
        return Verdict.UNKNOWN
    return Verdict.LATER


def _refusal(answer: Answer) -> Verdict:
    status = answer.status
    if answer.phase not in _ABOUT_THE_MESSAGE:
        return Verdict.US
    if status in _FULL or (not status and answer.code in _FULL_CODES and answer.phase is Phase.RECIPIENT):
        return Verdict.LATER
    if status in _OUR_SENDER or status[:3] in _OURS or (not status and answer.code in _OUR_CODES):
        return Verdict.US
    return Verdict.ADDRESS if answer.phase is Phase.RECIPIENT else Verdict.REFUSED


def _reference(words: str) -> str:
    found = _QUEUED.search(words)
    return (found[1] if found else words)[:LONGEST_REFERENCE]


def _without_addresses(words: str, recipient: str) -> str:
    """One line without the recipient: servers like to repeat whom they refuse, whole or in part."""
    shown = _ADDRESS.sub("<address>", _ENHANCED.sub("", words))
    local = recipient.rpartition("@")[0]
    if local:
        shown = re.sub(rf"(?<!\w){re.escape(local)}(?!\w)", "<address>", shown, flags=re.IGNORECASE)
    return " ".join("".join(each if each.isprintable() else " " for each in shown).split())
