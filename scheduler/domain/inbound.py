"""What becomes of a mail or a text that comes in."""

import re
from enum import StrEnum


class InboundOutcome(StrEnum):
    BOUNCED = "bounced"
    """A mail of ours did not arrive."""
    DELAYED = "delayed"
    """It has not arrived yet; only written down."""
    COMPLAINT = "complaint"
    """Its reader calls it spam."""
    CONFIRMED = "confirmed"
    """A patient's calendar says that they come."""
    DECLINED = "declined"
    RECORDED = "recorded"
    """An answer that changes nothing: maybe, or to an invite that is no longer the newest."""
    COUNTERED = "countered"
    """They ask for another time."""
    DELEGATED = "delegated"
    """They send somebody else."""
    STRANGER = "stranger"
    """Somebody answers who was not invited."""
    STALE = "stale"
    """Older than the answer that we have, or the same again."""
    REPEATED = "repeated"
    """The very same mail was here before."""
    UNKNOWN = "unknown"
    """About nothing that we know."""
    OTHER = "other"
    """Nothing for a machine: people read it."""
    SET_ASIDE = "set-aside"
    """It cannot be read within bounds, we failed over it, or nobody knows of what mail it is that did not
    arrive; staff are told."""


class TextOutcome(StrEnum):
    """What a text that came in led to."""

    CONFIRMED = "confirmed"
    LINKS = "links"
    """It confirms, and several visits are meant: each has its link."""
    STOPPED = "stopped"
    STARTED = "started"
    NOT_STARTED = "not-started"
    WRONG_NUMBER = "wrong-number"
    HELP = "help"
    NOT_UNDERSTOOD = "not-understood"
    NOTHING = "nothing"
    """It asks for what is so already."""


HANDLED = frozenset(InboundOutcome) - {InboundOutcome.OTHER, InboundOutcome.UNKNOWN, InboundOutcome.SET_ASIDE}
"""Mails with which nobody has to bother any more."""

_ADDRESS_GONE = re.compile(r"5\.1\.(?![78]$)\d+|5\.2\.1|5\.4\.4|5\.0\.0|")


def address_is_bad(status: str) -> bool:
    """Whether a mail that failed with this code (RFC 3463) would fail at this address the next time too.

    A full mailbox, a mail that is too large, our own address, or a policy is something else. Where no
    code is given, and for the code that says nothing, the address is as bad as any reason.
    """
    return _ADDRESS_GONE.fullmatch(status) is not None
