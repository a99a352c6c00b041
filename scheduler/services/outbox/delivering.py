"""A worker's round: claim, compose, hand over past the fence, record."""

import logging
from collections.abc import Hashable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, Protocol, runtime_checkable

from sqlalchemy.orm import Session

from scheduler.calendars.lint import BrokenEntry
from scheduler.channels.outcome import Fence, Outcome, Verdict
from scheduler.channels.smtp.answers import LONGEST_DETAIL
from scheduler.domain.errors import Unavailable
from scheduler.domain.messages import ChannelName, MessageState
from scheduler.services.ground.desk import Desk
from scheduler.services.outbox.breakers import Breakers
from scheduler.services.outbox.claiming import ClaimedHook, Held, claim
from scheduler.services.outbox.clock import ClaimClock
from scheduler.services.outbox.content import look_up
from scheduler.services.outbox.fence import LEASE, Passage, fence, give_back, withdraw
from scheduler.services.outbox.finishing import finish, finish_once
from scheduler.services.outbox.manners import MANNERS, Content

log = logging.getLogger(__name__)

BEGUN_WITHIN = 3.0
"""Seconds after the claim in which a message is still begun: one may take the channel's 40 s, and the task
is stopped after 45, which must not happen between a final dot and the record of its answer."""


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
    breakers: Breakers = field(default_factory=Breakers)


def deliver(room: PostRoom, hint: int) -> int:
    """Deliver the hinted message and a few that are due beside it; how many were handed over.

    Safe to call twice, at once and from anywhere: the rows decide.
    """
    clock = ClaimClock(room.lease)
    with room.desk.db.transaction() as session:
        moment = room.desk.clinics.moment(session)
        held = claim(session, hint, room.worker, moment.in_force.version, moment.now)
    clock.set(moment.now)
    return _deliver_all(room, held, clock)


def _deliver_all(room: PostRoom, held: Sequence[Held], clock: ClaimClock) -> int:
    contents, sent = _compose_all(room, held), 0
    verdict: Verdict | None = None
    # Who refuses us refuses all of them; a probe asks when it is time.
    while held and verdict is not Verdict.US and clock.age() <= BEGUN_WITHIN:
        first, *held = held
        try:
            verdict = _deliver_one(room, first, contents.get(first.id), clock)
        except BaseException:
            _give_back(room, held)
            raise
        sent += verdict is Verdict.SENT
    _give_back(room, held)
    return sent


def _give_back(room: PostRoom, held: Sequence[Held], rest: float = 0) -> None:
    """Let others have what we did not begin, `rest` seconds from now; without a database the reaper does it
    later."""
    if not held:
        return
    with suppress(Unavailable), room.desk.db.transaction() as session:
        at = room.desk.db.now(session) + timedelta(seconds=rest)
        for each in held:
            give_back(session, each, at)


class _Gate:
    """The fence of one message, remembering whether it was asked: what happens after may be too late."""

    def __init__(self, room: PostRoom, held: Held, clock: ClaimClock) -> None:
        self._room, self._db, self._held, self._clock = room, room.desk.db, held, clock
        self.template_version: str | None = None
        self.asked = False

    def __call__(self) -> bool:
        self.asked = True
        if not self._clock.fresh():
            _give_back(self._room, [self._held])
            return False
        try:
            return self._db.attempt(self._pass) is Passage.GO
        except Unavailable:
            # Passed or not: nothing leaves, and what was not handed over must not count as if it had been.
            self._clock.patiently(partial(self._db.attempt, self._take_back))
            return False

    def _pass(self, session: Session) -> Passage:
        return fence(session, self._held, self._db.offset, self.template_version)

    def _take_back(self, session: Session) -> None:
        give_back(session, self._held, self._db.now(session))


def _deliver_one(room: PostRoom, held: Held, content: Content | None, clock: ClaimClock) -> Verdict | None:
    """What became of it; None where whom it goes to is left alone for a while."""
    if rest := room.breakers.rest(_host(held)):
        _give_back(room, [held], rest)
        return None
    outcome = _hand_over(room, held, content, _Gate(room, held, clock))
    state = _record(room, held, outcome, clock)
    log.info(
        "delivered" if outcome.verdict is Verdict.SENT else "not delivered",
        extra={"message_id": held.id, "kind": held.kind, "channel": held.channel, "verdict": outcome.verdict,
               "code": outcome.code, "status": state},
    )  # fmt: skip
    return outcome.verdict


def _host(held: Held) -> Hashable:
    """By what the one is known who has to answer."""
    return held.webhook if isinstance(held, ClaimedHook) else held.channel


def _record(room: PostRoom, held: Held, outcome: Outcome, clock: ClaimClock) -> MessageState | None:
    """Write down what became of it, though our database be away for a moment: what somebody got and nobody
    wrote down would be handed over again."""
    db = room.desk.db
    try:
        return finish(db, held, outcome, room.worker, clock.now())
    except Unavailable:
        log.warning("cannot record, and try again", extra={"message_id": held.id, "verdict": outcome.verdict})
        return clock.patiently(lambda: finish_once(db, held, outcome, room.worker, clock.now()))


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
        outcome = channel.deliver(content, gate)
    except ValueError as error:
        if gate.asked:  # then this is no message that cannot be written, and it may be on its way
            raise
        return _not_composed(held, error)
    room.breakers.note(_host(held), outcome)
    return outcome


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
