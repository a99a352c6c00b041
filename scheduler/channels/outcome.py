"""What became of one attempt to hand a message over."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

Fence = Callable[[], bool]
"""Called immediately before the irreversible byte; False means: drop the connection, nothing is sent."""


class Verdict(StrEnum):
    SENT = "sent"
    LATER = "later"
    """Nothing was handed over; another time may do."""
    ADDRESS = "address"
    """The recipient's address is refused for good, before the message was heard."""
    REFUSED = "refused"
    """Refused for good after DATA: the address or the message; ours where many are refused so."""
    UNREADABLE = "unreadable"
    """It cannot be put into words, or not into bytes; nothing was handed over."""
    BROKEN = "broken"
    """What would leave is not as it must be, and would be the same next time; nothing was handed over."""
    US = "us"
    """We are refused, whoever the recipient: credentials, policy, configuration."""
    UNKNOWN = "unknown"
    """The final byte left and no answer came: handed over or not, nobody can say."""
    FENCED = "fenced"
    """The fence said no; nothing was handed over."""


class Remedy(StrEnum):
    """What an answer says of the recipient's address or number, or of us, beyond the message."""

    ADDRESS_DEAD = "address-dead"
    """No mail reaches the address: its own server says so."""

    OPTED_OUT = "opted-out"
    """Whoever has the number told the provider to stop."""
    NUMBER_DEAD = "number-dead"
    """Nobody has the number."""
    NO_TEXTS = "no-texts"
    """It is no mobile phone; it may ring."""
    FILTERED = "filtered"
    """A carrier takes what we write for something that nobody wants."""


@dataclass(frozen=True, slots=True)
class Outcome:
    verdict: Verdict
    code: str = ""
    """The provider's answer code, such as `550 5.1.1`."""
    detail: str = ""
    """Its words, without addresses, cut at 200 characters."""
    reference: str = ""
    """The provider's own reference of a message that it took."""
    remedy: Remedy | None = None
    """What has to happen beside this message."""
    wait: float = 0
    """Seconds for which the provider asked; 0 where it did not."""

    @property
    def answered(self) -> bool:
        """Whether the other side said anything at all; what is wrong with the network is named in words."""
        return self.verdict is Verdict.SENT or self.code[:1].isdigit()
