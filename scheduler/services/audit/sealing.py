"""Sealing: entries of the audit become links of the chain, in batches, one sealer at a time.

An entry gets its id before its transaction commits, so that a lower id may appear after a higher one was
sealed. Therefore the order of the chain is not that of the ids: it is the order in which the sealer came to
see the entries, kept in `sealed_as`. Whatever commits late comes later in the chain, and none is left out.
"""

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from scheduler.db.models import AuditEntry, AuditHead
from scheduler.services.audit.chain import Entry, Head

log = logging.getLogger(__name__)

SEAL_LOCK = 0x7365616C
"""Advisory lock: sealers come one after the other."""
BATCH = 2_000
LATE = timedelta(minutes=1)
"""How old an entry without a seal may be. Until then it could be changed unnoticed."""

SEALED = (
    AuditEntry.id,
    AuditEntry.at,
    AuditEntry.actor,
    AuditEntry.act,
    AuditEntry.object_kind,
    AuditEntry.object_id,
    AuditEntry.detail,
)
"""The columns of an `Entry`, in its order."""


def seal(session: Session, now: datetime) -> int:
    """Seal a batch of what is not sealed yet; how many."""
    session.execute(select(func.pg_advisory_xact_lock(SEAL_LOCK)))
    entries = _unsealed(session)
    if not entries:
        return 0
    if now - entries[0].at > LATE:
        log.warning("entries of the audit lay unsealed for more than a minute: does a sweeper always run?")
    head = read_head(session) or Head()
    rows = list(_links(head, entries))
    session.execute(
        update(AuditEntry.table())
        .where(AuditEntry.id == bindparam("entry"))
        .values(seal=bindparam("new_seal"), sealed_as=bindparam("place")),
        rows,
    )
    _move_head(session, Head(rows[-1]["place"], rows[-1]["new_seal"]))
    return len(rows)


def read_head(session: Session) -> Head | None:
    """The end of the chain as the last sealer left it; None where nothing was ever sealed."""
    row = session.execute(select(AuditHead.sealed_as, AuditHead.seal)).first()
    return Head(row.sealed_as, row.seal) if row else None


def _unsealed(session: Session) -> Sequence[Entry]:
    found = select(*SEALED).where(AuditEntry.seal.is_(None)).order_by(AuditEntry.id).limit(BATCH)
    return [Entry(*row) for row in session.execute(found)]


def _links(head: Head, entries: Sequence[Entry]) -> Iterator[dict[str, Any]]:
    for entry in entries:
        head = head.next(entry)
        yield {"entry": entry.id, "place": head.sealed_as, "new_seal": head.seal}


def _move_head(session: Session, head: Head) -> None:
    values = {"sealed_as": head.sealed_as, "seal": head.seal}
    row = upsert(AuditHead).values(id=1, **values)
    session.execute(row.on_conflict_do_update(index_elements=["id"], set_=values))
