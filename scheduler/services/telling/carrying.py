"""Messages that stay true while something about them changes."""

from uuid import UUID

from sqlalchemy import ColumnElement, case, update
from sqlalchemy.orm import Session

from scheduler.db.models import Message
from scheduler.domain.messages import OPEN, Hint, MessageKind, MessageState, Queue

IS_CLAIMED = Message.state == MessageState.CLAIMED


def carry_over(session: Session, visit: UUID, sequence: int) -> list[Hint]:
    """What was still to be said of a visit under the SEQUENCE before is said under this one.

    What was handed over may still come back to be tried again. That second copy then differs from the first
    in its SEQUENCE alone, which no calendar minds.
    """
    newest = Message.visit_id == visit, Message.sequence == sequence - 1, Message.state.in_(OPEN)
    steady = MessageKind.WITHDRAWN, MessageKind.WEBHOOK
    return _take_back(session, *newest, Message.kind.not_in(steady), sequence=sequence)


def compose_anew(session: Session, recipient: UUID) -> list[Hint]:
    """What a worker has in hand for this recipient, but not handed over yet, is written once more.

    What waits is locked until all is committed: who takes it in the meantime would still write it as it was.
    """
    not_left = Message.state.in_((MessageState.PENDING, MessageState.CLAIMED))
    return _take_back(session, Message.recipient_id == recipient, not_left)


def _take_back(session: Session, *which: ColumnElement[bool], **values: int) -> list[Hint]:
    """Out of a worker's hands, where one has it: at the fence it finds that the message is not its own."""
    taken = update(Message).where(*which)
    freed = taken.values(
        state=case((IS_CLAIMED, MessageState.PENDING), else_=Message.state),
        token=case((IS_CLAIMED, None), else_=Message.token),
        **values,
    )
    rows = session.execute(freed.returning(Message.id, Message.queue, Message.state, Message.attempt))
    return [
        Hint(id, Queue(queue)) for id, queue, state, tried in rows if tried and state == MessageState.PENDING
    ]
