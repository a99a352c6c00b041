"""The tries to hand messages over, as they were written down."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.db.models import MessageAttempt

REPORTER = "provider"
"""Who stands in the record where no worker of ours does: a provider that says later how a try ended."""


@dataclass(frozen=True, slots=True)
class Attempt:
    at: datetime
    worker: str
    verdict: str
    code: str
    reference: str
    """By which the provider knows it; empty where it took nothing."""


def attempts_of(session: Session, messages: Sequence[int]) -> dict[int, list[Attempt]]:
    """By message, the first one first."""
    made = (
        select(MessageAttempt)
        .where(MessageAttempt.message_id.in_(messages))
        .order_by(MessageAttempt.message_id, MessageAttempt.id)
    )
    found: dict[int, list[Attempt]] = {}
    for each in session.scalars(made):
        attempt = Attempt(each.at, each.worker, each.verdict, each.code, each.reference)
        found.setdefault(each.message_id, []).append(attempt)
    return found
