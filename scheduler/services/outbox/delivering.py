"""A worker's round: claim, compose, hand over past the fence, record."""

import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, runtime_checkable

from sqlalchemy.orm import Session

from scheduler.calendars.lint import BrokenEntry
from scheduler.channels.outcome import Fence, Outcome, Verdict
from scheduler.channels.smtp.answers import LONGEST_DETAIL
from scheduler.domain.errors import Unavailable
from scheduler.domain.messages import ChannelName
from scheduler.services.desk import Desk
from scheduler.services.outbox.claiming import Held, claim
from scheduler.services.outbox.content import look_up
from scheduler.services.outbox.fence import FRESH, LEASE, Passage, fence, give_back, withdraw
from scheduler.services.outbox.finishing import finish
from scheduler.services.outbox.manners import MANNERS, Content

log = logging.getLogger(__name__)

BEGUN_WITHIN = 5.0
"""Seconds after the claim in which a message is still begun: one may take the channel's 40 s, and the task
is stopped after 45, which must not happen between a final dot and its answer."""


class Channel(Protocol):
    """Hands one message over; never raises for trouble on the network.

    Raises what the fence raises, and ValueError for a message that cannot be written.
    """

    # What it takes is what the `compose` of its own manner makes.
    def deliver(self, content: Any, fence: Fence, /) -> Outcome: ...  # noqa: ANN401


@runtime_checkable
class Askable(Protocol):
    """A channel whose provider can say later what became of a message; UNKNOWN where it cannot tell."""

    def look_up(self, content: Any, /) -> Outcome: ...  # noqa: ANN401


@dataclass(frozen=True, slots=True)
class PostRoom:
    """What a worker delivers with; `worker` names it in the records."""

    desk: Desk
    channels: Mapping[ChannelName, Channel]
    worker: str
    lease: float = LEASE
    """Seconds for which others leave alone what it claimed."""


def deliver(room: PostRoom, hint: int) -> int:
    """Deliver the hinted message and a few that are due beside it; how many were handed over.

    Safe to call twice, at once and from anywhere: the rows decide.
    """
    db = room.desk.db
    with db.transaction() as session:
        moment = room.desk.clinics.moment(session)
        held = claim(session, hint, room.worker, moment.in_force.version, moment.now)
    clock = _Clock(moment.now)
    contents = _compose_all(room, held)
    sent = 0
    while held and clock.age() <= BEGUN_WITHIN:
        first, *held = held
        try:
            sent += _deliver_one(room, first, contents.get(first.id), clock)
        except BaseException:
            _give_back(room, held)
            raise
    _give_back(room, held)
    return sent


def _give_back(room: PostRoom, held: Sequence[Held]) -> None:
    """Let others have at once what we did not begin; without a database the reaper does it later."""
    if not held:
        return
    with suppress(Unavailable), room.desk.db.transaction() as session:
        for each in held:
            give_back(session, each, room.desk.db.now(session))


class _Clock:
    """The database's, asked at the claim; from then on this process counts by itself."""

    def __init__(self, now: datetime) -> None:
        self._then, self._began = now, time.monotonic()

    def age(self) -> float:
        """Seconds since the claim."""
        return time.monotonic() - self._began

    def now(self) -> datetime:
        return self._then + timedelta(seconds=self.age())


class _Gate:
    """The fence of one message, remembering whether it was asked: what happens after may be too late."""

    def __init__(self, room: PostRoom, held: Held, clock: _Clock) -> None:
        self._room, self._db, self._held, self._clock = room, room.desk.db, held, clock
        self.template_version: str | None = None
        self.asked = False

    def __call__(self) -> bool:
        self.asked = True
        if self._clock.age() > self._room.lease * FRESH:
            _give_back(self._room, [self._held])
            return False
        return self._db.attempt(self._pass) is Passage.GO

    def _pass(self, session: Session) -> Passage:
        return fence(session, self._held, self._db.offset, self.template_version)


def _deliver_one(room: PostRoom, held: Held, content: Content | None, clock: _Clock) -> bool:
    outcome = _hand_over(room, held, content, _Gate(room, held, clock))
    state = finish(room.desk.db, held, outcome, room.worker, clock.now())
    log.info(
        "delivered" if outcome.verdict is Verdict.SENT else "not delivered",
        extra={"message_id": held.id, "kind": held.kind, "channel": held.channel, "verdict": outcome.verdict,
               "code": outcome.code, "status": state},
    )  # fmt: skip
    return outcome.verdict is Verdict.SENT


def _hand_over(room: PostRoom, held: Held, content: Content | None, gate: _Gate) -> Outcome:
    try:
        content = content or _compose_one(room, held)
    except Exception as error:  # whatever is wrong with this message must not stop the others
        return _not_composed(held, error)
    if content is None:
        return Outcome(Verdict.FENCED)
    gate.template_version = content.template_version
    channel = room.channels[held.channel]
    if held.handoffs and MANNERS[held.channel].asks:
        return channel.look_up(content) if isinstance(channel, Askable) else Outcome(Verdict.UNKNOWN)
    try:
        return channel.deliver(content, gate)
    except ValueError as error:
        if gate.asked:  # then this is no message that cannot be written, and it may be on its way
            raise
        return _not_composed(held, error)


def _compose_all(room: PostRoom, held: Sequence[Held]) -> Mapping[int, Content | None]:
    """What to hand over, by message, made in one transaction; nothing where any of them has trouble.

    Those that are not here are made each by itself when their turn comes, which says whose trouble it was.
    """
    try:
        with room.desk.db.transaction() as session:
            return _compose(session, room.desk, held)
    except Exception as error:  # whoever it concerns is found out below, each by itself
        log.warning("cannot compose together: %s", type(error).__name__)
        return {}


def _compose_one(room: PostRoom, held: Held) -> Content | None:
    """What to hand over; None, and the message is at its end, where nobody is to have it any more."""
    with room.desk.db.transaction() as session:
        content = _compose(session, room.desk, [held])[held.id]
        if content is None:
            withdraw(session, held, room.desk.db.now(session))
    return content


def _compose(session: Session, desk: Desk, held: Sequence[Held]) -> Mapping[int, Content | None]:
    rows = look_up(session, desk, held)
    contents = {each.id: MANNERS[each.channel].compose(session, desk, each) for each in held}
    del rows  # until here: a session forgets what nobody keeps, and would ask for each again
    return contents


def _not_composed(held: Held, error: Exception) -> Outcome:
    """That our database is away for a moment says nothing of the message."""
    log.error("cannot compose", exc_info=error, extra={"message_id": held.id, "kind": held.kind})
    if isinstance(error, BrokenEntry):
        return Outcome(Verdict.BROKEN, detail=str(error)[:LONGEST_DETAIL])
    verdict = Verdict.LATER if isinstance(error, Unavailable) else Verdict.UNREADABLE
    return Outcome(verdict, detail=type(error).__name__)
