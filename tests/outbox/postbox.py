"""A channel that keeps what it gets, and a worker's round over it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from sqlalchemy import select, update

from scheduler.bootstrap import Runtime
from scheduler.channels.mime import Mail
from scheduler.channels.outcome import Fence, Outcome, Verdict
from scheduler.db.models import Message
from scheduler.domain.actors import SYSTEM
from scheduler.domain.messages import ChannelName, MessageState
from scheduler.domain.visits import Act
from scheduler.services.changes.moving import Destination, move
from scheduler.services.changes.scene import Order, Scene, carry_out
from scheduler.services.changes.simple import advance
from scheduler.services.changes.undoing import undo
from scheduler.services.outbox.delivering import Channel, PostRoom, deliver
from tests.cast import at

SENT = Outcome(Verdict.SENT, "250 2.0.0", reference="ABC")
REFUSED = Outcome(Verdict.REFUSED, "554 5.6.0", "end: no")

PERFORM: dict[Act, Callable[[Scene], None]] = {Act.UNDO: undo}


@dataclass
class Postbox:
    """Answers each mail that passes the fence by its recipient, or with `answer`."""

    answer: Outcome = SENT
    answers: dict[str, Outcome] = field(default_factory=dict)
    mails: list[Mail] = field(default_factory=list)
    """Those that passed the fence."""

    def deliver(self, mail: Mail, fence: Fence) -> Outcome:
        if not fence():
            return Outcome(Verdict.FENCED)
        self.mails.append(mail)
        return self.answers.get(mail.recipient, self.answer)


def act(run: Runtime, visit: UUID, act: Act) -> None:
    carry_out(run.desk, Order(visit, act, SYSTEM), PERFORM.get(act, advance))


def reschedule(run: Runtime, visit: UUID, day: int, hour: int = 10) -> None:
    order = Order(visit, Act.RESCHEDULE, SYSTEM)
    carry_out(run.desk, order, partial(move, to=Destination(at(day, hour))))


def make_round(run: Runtime, channel: Channel) -> None:
    """Deliver everything that is due at some time today."""
    with run.db.transaction() as session:
        now = run.db.now(session)
        waiting = update(Message).where(Message.state == MessageState.PENDING, Message.due_at <= now)
        hints = list(session.scalars(waiting.values(next_at=now).returning(Message.id)))
    for hint in sorted(hints):
        deliver_hinted(run, channel, hint)


def deliver_hinted(run: Runtime, channel: Channel, message: int) -> None:
    """And what is due beside it, unless the channel is paused."""
    deliver(PostRoom(run.desk, {**run.channels, ChannelName.EMAIL: channel}, "test"), message)


def states(run: Runtime) -> list[tuple[str, str]]:
    """Of every message that was due at once, in the order in which they were planned."""
    at_once = select(Message.kind, Message.state).where(Message.offset_minutes == 0).order_by(Message.id)
    with run.db.transaction() as session:
        return [(kind, state) for kind, state in session.execute(at_once)]
