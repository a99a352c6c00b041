"""What is special about each channel: how its messages are made, tried again, and treated in doubt.

A new channel is an entry here, a module that composes, and an object in `bootstrap.py` that hands over.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy.orm import Session

from scheduler.channels.outcome import Outcome
from scheduler.domain.hooks import WAITS
from scheduler.domain.messages import ChannelName
from scheduler.services.ground.desk import Desk
from scheduler.services.outbox.calls import compose_call
from scheduler.services.outbox.claiming import Held
from scheduler.services.outbox.hooks import compose_hook, take_leave
from scheduler.services.outbox.mails import compose_mail
from scheduler.services.outbox.texts import compose_text

FIRST_RETRY = 30.0
LONGEST_RETRY = 3_600.0
"""Seconds; retries end when the message expires, not after a count, so that an outage exhausts nothing."""


def retry_delay(tries: int) -> timedelta:
    """After so many that failed: exponential with full jitter, from half a minute to an hour."""
    ceiling = min(LONGEST_RETRY, FIRST_RETRY * 2 ** min(tries, 10))
    return timedelta(seconds=random.uniform(FIRST_RETRY, ceiling))  # noqa: S311 - guards no secret


def spread(wait: timedelta) -> timedelta:
    """A bit longer, each time otherwise: of many that failed together not all come back together."""
    return wait * random.uniform(1.0, 1.1)  # noqa: S311 - guards no secret


class Content(Protocol):
    """What a channel hands over."""

    @property
    def template_version(self) -> str | None:
        """By which templates it was made, for the record alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    compose: Callable[[Session, Desk, Held], Content | None]
    """What the channel hands over; None where nobody is to have it any more."""
    most_handoffs: int | None
    """After so many hand-overs of which nobody knows the end it stays unknown; None: it never does."""
    asks: bool = False
    """Whether in doubt the provider is asked what became of it, instead of handing it over again."""
    retry: Callable[[int], timedelta] = retry_delay
    """How long to wait after which failed try; a claim that was given back is none."""
    waits: Sequence[timedelta] = ()
    """How long to wait after which failed try instead, the last one of which ends it."""
    afterwards: Callable[[Session, Held, Outcome, datetime], None] | None = None
    """What else it does that a message was not taken, in the transaction that records it."""


MANNERS: Mapping[ChannelName, Manner] = {
    # A second copy has the same Message-ID, Date and bytes: a recipient never gets more than these two.
    ChannelName.EMAIL: Manner(compose=compose_mail, most_handoffs=2),
    # A program knows a second copy by its id.
    ChannelName.WEBHOOK: Manner(compose=compose_hook, most_handoffs=None, waits=WAITS, afterwards=take_leave),
    # Providers know no second copy from a first: in doubt they are asked, and nothing is handed over again.
    ChannelName.SMS: Manner(compose=compose_text, most_handoffs=2, asks=True),
    # The same task a second time is the same task.
    ChannelName.CALL: Manner(compose=compose_call, most_handoffs=None),
}
