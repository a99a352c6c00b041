"""What a mail that came in led to, as it is written down."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from scheduler.domain.inbound import InboundOutcome
from scheduler.domain.messages import Hint

MAIL = "mail"
"""The cause of the one task for all mails that are set aside: whoever takes it looks at the mailbox."""


@dataclass(frozen=True, slots=True)
class Effect:
    outcome: InboundOutcome
    visit: UUID | None = None
    message: int | None = None
    status: str = ""
    due: Sequence[Hint] = ()
    """Messages to be sent at once."""
