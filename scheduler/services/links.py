"""What a link that somebody brings opens."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.db.models import Link, Recipient
from scheduler.db.secrets import token_hash
from scheduler.domain.errors import NotFound
from scheduler.services.recording import MANAGE


def visit_of_token(session: Session, token: str, visit: UUID) -> UUID:
    """The visit, if the token manages it.

    Raises NotFound for every other token, so that nobody learns what exists.
    """
    found = session.execute(
        select(Recipient.visit_id)
        .join(Link, Link.recipient_id == Recipient.id)
        .where(Link.hash == token_hash(token), Link.purpose == MANAGE)
        .where(Link.generation == Recipient.link_generation)
        .where(Recipient.visit_id == visit)
    ).scalar_one_or_none()
    if found is None:
        raise NotFound
    return found
