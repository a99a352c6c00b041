"""A worker's round: claim, compose, hand over past the fence, record."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from scheduler.channels.mime import Mail
from scheduler.channels.outcome import Fence, Outcome, Verdict
from scheduler.domain.messages import ChannelName
from scheduler.services.desk import Desk
from scheduler.services.outbox.claiming import Claimed, claim
from scheduler.services.outbox.content import mail_of
from scheduler.services.outbox.fence import FRESH, Passage, fence, give_back
from scheduler.services.outbox.finishing import finish

log = logging.getLogger(__name__)

UNREADABLE_TRIES = 3
"""After so many attempts a message that cannot be put into words is given up."""


class Channel(Protocol):
    """Hands one message over; never raises for trouble on the network."""

    def deliver(self, mail: Mail, fence: Fence) -> Outcome: ...


@dataclass(frozen=True, slots=True)
class PostRoom:
    """What a worker delivers with; `worker` names it in the records."""

    desk: Desk
    channels: Mapping[ChannelName, Channel]
    worker: str


def deliver(room: PostRoom, hint: int) -> int:
    """Deliver the hinted message and a few that are due beside it; how many were handed over.

    Safe to call twice, at once and from anywhere: the rows decide.
    """
    db = room.desk.db
    with db.transaction() as session:
        moment = room.desk.clinics.moment(session)
        held = claim(session, hint, room.worker, moment.in_force.version, moment.now)
    began = time.monotonic()
    return sum(_deliver_one(room, each, began) for each in held)


def _deliver_one(room: PostRoom, held: Claimed, began: float) -> bool:
    db = room.desk.db

    def pass_fence() -> bool:
        if time.monotonic() - began > FRESH:
            return False
        return db.attempt(lambda session: fence(session, held, db.now(session))) is Passage.GO

    if time.monotonic() - began > FRESH:
        with db.transaction() as session:
            give_back(session, held, db.now(session))
        return False
    outcome = _hand_over(room, held, pass_fence)
    with db.transaction() as session:
        state = finish(session, held, outcome, room.worker, db.now(session))
    log.info(
        "delivered" if outcome.verdict is Verdict.SENT else "not delivered",
        extra={"message_id": held.id, "kind": held.kind, "channel": held.channel, "verdict": outcome.verdict,
               "code": outcome.code, "status": state},
    )  # fmt: skip
    return outcome.verdict is Verdict.SENT


def _hand_over(room: PostRoom, held: Claimed, pass_fence: Fence) -> Outcome:
    try:
        with room.desk.db.transaction() as session:
            mail = mail_of(session, room.desk, held)
    except Exception as error:  # whatever is wrong with this message must not stop the others
        log.exception("cannot compose", extra={"message_id": held.id, "kind": held.kind})
        given_up = held.attempt >= UNREADABLE_TRIES
        return Outcome(Verdict.ADDRESS if given_up else Verdict.LATER, detail=type(error).__name__)
    return room.channels[held.channel].deliver(mail, pass_fence)
