"""Whether a message may still go to the address that it was planned for."""

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from scheduler.db.models import Recipient
from scheduler.domain.messages import MessageKind, MessageState
from scheduler.services.outbox.claiming import Claimed
from scheduler.services.recipients import FORMER, IS_INVOLVED, UNWANTED


def obstacle(session: Session, held: Claimed) -> MessageState | None:
    """What becomes of a message that must not go there; None where it may. Lock the visit before."""
    role, email_hash, unwanted = session.execute(
        select(Recipient.role, Recipient.email_hash, UNWANTED).where(Recipient.id == held.recipient)
    ).one()
    if unwanted:
        return MessageState.SKIPPED
    withdrawn = held.kind is MessageKind.WITHDRAWN
    if withdrawn != role.startswith(FORMER) or (withdrawn and _in_use(session, held, email_hash)):
        return MessageState.SUPERSEDED
    return None


def _in_use(session: Session, held: Claimed, email_hash: bytes | None) -> bool:
    """Whether somebody who hears of the visit has this address, too, or again: their entry has to stay."""
    found = exists().where(
        Recipient.visit_id == held.visit, Recipient.email_hash == email_hash, Recipient.receives, IS_INVOLVED
    )
    return bool(session.execute(select(found)).scalar_one())
