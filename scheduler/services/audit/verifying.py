"""Verifying: the whole chain is computed again, and the first entry that does not fit is named.

An entry that was edited, deleted, inserted or moved breaks the chain where it stands; a tail that was cut off
does not reach the head, which is kept apart and moves in the transaction of the seals. What is not found:

- a change of an entry that is not sealed yet: for some seconds, and for as long as no sweeper runs;
- the work of a forger who may write everything, computes all seals from there on anew and puts the head
  right. Only a copy of an earlier head that lies elsewhere betrays it: each run prints the head, and `known`
  holds the chain against such a copy;
- an entry that somebody adds with the service's own rights: it is an entry like any other. But one that
  claims to be old is named, because newer ones were sealed before it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from scheduler.db.engine import Database
from scheduler.db.models import AuditEntry
from scheduler.services.audit.chain import Entry, Head
from scheduler.services.audit.sealing import LATE, SEALED, read_head

CHUNK = 1_000
BACKDATED = timedelta(hours=1)
"""No transaction lasts so long: an entry that is older than what was sealed before it was not there then."""
MOST_NAMED = 20


class Link(NamedTuple):
    """An entry of the chain as it lies in the table."""

    sealed_as: int
    seal: bytes
    entry: Entry


@dataclass(frozen=True, slots=True)
class Verdict:
    """`faults` is empty where the audit is whole; `head` is as far as it is."""

    head: Head
    faults: list[str]


def verify(db: Database, known: Head | None = None) -> Verdict:
    """Go through the whole chain, as of one instant. `known` is a head that an earlier run printed."""
    with db.transaction() as session:
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        walk = _Walk(known)
        for link in _chain(session):
            if broken := walk.step(link):
                return Verdict(walk.head, [broken, *walk.backdated, *unsealed(session, db.now(session))])
        ends = _ends(walk, read_head(session) or Head())
        return Verdict(walk.head, [*ends, *walk.backdated, *unsealed(session, db.now(session))])


def _chain(session: Session) -> Iterator[Link]:
    sealed = select(AuditEntry.sealed_as, AuditEntry.seal, *SEALED).where(AuditEntry.seal.is_not(None))
    rows = session.execute(sealed.order_by(AuditEntry.sealed_as).execution_options(yield_per=CHUNK))
    return (Link(sealed_as or 0, seal or b"", Entry(*entry)) for sealed_as, seal, *entry in rows)


class _Walk:
    """Along the chain, link by link."""

    def __init__(self, known: Head | None) -> None:
        self.head = Head()
        self.known = known
        self.backdated: list[str] = []
        self._newest = datetime.min.replace(tzinfo=UTC)

    def step(self, link: Link) -> str | None:
        """Go one further; what is broken there, if anything."""
        expected = self.head.next(link.entry)
        if link.sealed_as > expected.sealed_as:
            return f"the entry that was sealed as {expected.sealed_as} is missing"
        if (link.sealed_as, link.seal) != (expected.sealed_as, expected.seal):
            return (
                f"entry {link.entry.id}, sealed as {link.sealed_as}, is not what was sealed there:"
                " it was edited, inserted or moved, or the one before it was deleted"
            )
        if self.known and self.known.sealed_as == link.sealed_as and self.known.seal != link.seal:
            return f"entry {link.entry.id}, sealed as {link.sealed_as}, or one before it was sealed anew"
        self.head = expected
        self._note_backdated(link.entry)
        return None

    def _note_backdated(self, entry: Entry) -> None:
        if self._newest - entry.at > BACKDATED and len(self.backdated) < MOST_NAMED:
            self.backdated.append(
                f"entry {entry.id} claims to be of {entry.at.isoformat()}, but was added after newer ones"
            )
        self._newest = max(self._newest, entry.at)


def _ends(walk: _Walk, head: Head) -> Iterator[str]:
    """What is wrong with the end of a chain whose links all hold."""
    last, known = walk.head, walk.known
    reaches = max(head.sealed_as, known.sealed_as if known else 0)
    if last.sealed_as < reaches:
        yield f"the last {reaches - last.sealed_as} sealed entries, from {last.sealed_as + 1} on, are missing"
    elif last != head:
        yield f"the head says {head}, but the chain ends with {last}"


def unsealed(session: Session | Connection, now: datetime) -> Iterator[str]:
    """What waits for its seal for too long."""
    late = AuditEntry.seal.is_(None) & (AuditEntry.at < now - LATE)
    count, oldest = session.execute(select(func.count(), func.min(AuditEntry.at)).where(late)).one()
    if count:
        since = oldest.isoformat()
        yield f"not sealed: {count} since {since}: is `visits sweep` running?"
